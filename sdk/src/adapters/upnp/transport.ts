import { LIVE_AFTER_MS } from "../live.ts";
import type { Item, Sighting } from "../sighting.ts";
import { durationOf, type Metadata, metadataOf } from "./metadata.ts";
import { SessionItems } from "./session-items.ts";
import { isPiece, isVirtual, sourceOf, stationOf, type UriSource, type Whole } from "./uri.ts";
import { wordsOf } from "./words.ts";

/** Variables of AVTransport by their names, without prefixes; metadata as DIDL-Lite or as `@svrooij/sonos` parses it. */
export type Variables = Readonly<Record<string, unknown>>;

/** What is seen of a transport. */
export interface TransportSight {
  readonly seen: Sighting;
  /** The item's address; empty while there is none. */
  readonly uri: string;
  /** What the player takes its sound from; null while it has nothing. */
  readonly source: UriSource | null;
  /** Whether this change tells something that only a player that has opened the item can know. */
  readonly proves: boolean;
  /**
   * Whether the same address stands at another place now: the item again (`twin`), or a queue that was changed around it, which
   * is likelier where its length changes, too (`moved`). `next`: whether it no longer is its own next one.
   */
  readonly again: "twin" | "moved" | "next" | undefined;
}

/** A beginning is seen once. */
export const resting = (sight: TransportSight): TransportSight => ({
  ...sight,
  seen: { ...sight.seen, positionMs: undefined, isAnew: false, because: {} },
});

/** The item that plays once more. */
export const anew = (sight: TransportSight): TransportSight => ({
  ...sight,
  seen: { ...sight.seen, isAnew: true, positionMs: 0 },
});

/** The time of what comes in by a cable, or from another application, may stand still. */
export const isTimeless = ({ source, uri }: TransportSight): boolean =>
  source?.source_type === "line_in" || source?.source_type === "tv" || isVirtual(uri);

/** So much before its end a Sonos player that fades may go on to the next item. It does not say how long it fades. */
const CROSSFADE_MS = 12_000;

/** What holds of one item only. Empty ones are not told by `@svrooij/sonos`, so what is not told with the next item is empty. */
const OF_ITEM = ["CurrentTrackDuration", "CurrentTrackMetaData"] as const;
/** What holds of what the item is part of. */
const OF_WHOLE = ["EnqueuedTransportURI", "EnqueuedTransportURIMetaData"] as const;

/** Puts what a transport notifies bit by bit together into what it does. */
export class TransportReader {
  #variables: Variables = {};
  /** Whether an alarm is running that has not begun a play yet. */
  #isAlarmDue = false;
  /** What was told of the item when it was put on: of a station its name, in whose place some players put what it plays. */
  #first: Metadata = metadataOf(undefined);
  /** Whether the player has not opened the item yet: what it does not tell of its length, it does not know. */
  #isFresh = false;
  readonly #session = new SessionItems();
  #key = "";
  /** Counts the items: those of a station have no other place than behind one another. */
  #count = 0;

  /**
   * The player answers that it has played for a while. A length that it has not notified of is the same as that of the item before, or
   * there is none, which is believed as late as of any other player.
   * @param ageMs how long the item has been on. @returns undefined if that changes nothing.
   */
  opened(length: string | undefined, ageMs: number): TransportSight | undefined {
    const isBelieved = durationOf(length) !== null || ageMs >= LIVE_AFTER_MS;
    return this.#isFresh && isBelieved ? this.change({ CurrentTrackDuration: length ?? "" }) : undefined;
  }

  /** @param nowMs by the monotonic clock. */
  change(changed: Variables, nowMs = 0): TransportSight {
    const before = this.#variables;
    this.#variables = { ...before, ...changed };
    const uri = uriOf(this.#variables);
    const isGiven = isAnother(before.AVTransportURI ?? "", changed.AVTransportURI);
    if (isGiven) this.#forget(changed, ["AVTransportURIMetaData", ...OF_WHOLE]);
    if (uri !== uriOf(before)) this.#putOn(changed, before);
    if (changed.CurrentTrackDuration !== undefined) this.#isFresh = false;
    const source = uri === "" ? null : sourceOf(uri, this.#isLive, wholeOf(this.#variables));
    const item = source && this.#item(uri, source, changed, nowMs);
    const state = item ? this.#state : "stopped";
    const isAlarm = this.#isAlarm(isOn(before.AlarmRunning), state === "playing");
    return {
      seen: {
        state,
        item,
        // What AirPlay's sender does with its own queue nobody tells.
        ...(source?.source_type === "airplay" ? { mayRepeat: true } : this.#modes),
        crossfadeMs: isOn(this.#variables.CurrentCrossfadeMode) ? CROSSFADE_MS : 0,
        ...(isAlarm && { because: { start: "alarm", trigger: "alarm" } as const }),
      },
      uri,
      source,
      again: item ? this.#again(before, changed) : undefined,
      proves: durationOf(changed.CurrentTrackDuration) !== null,
    };
  }

  /** What is told of it may come later. */
  #putOn(changed: Variables, before: Variables): void {
    const { CurrentTrackMetaData } = this.#variables;
    this.#forget(changed, [...OF_ITEM, ...OF_WHOLE]);
    // Some tell its words before its address.
    const isEarly = metadataOf(CurrentTrackMetaData).uri === uriOf(this.#variables);
    if (isEarly) this.#variables = { ...this.#variables, CurrentTrackMetaData };
    const station = stationOf(wholeOf(this.#variables));
    // A station may be played from another address.
    if (station === undefined || station !== stationOf(wholeOf(before))) this.#first = this.#track;
    this.#isFresh = true;
  }

  #forget(changed: Variables, names: readonly string[]): void {
    const told = Object.fromEntries(names.map((name) => [name, changed[name]]));
    this.#variables = { ...this.#variables, ...told };
  }

  /** Whether it has no end of its own, as far as the player knows, or the control point says. */
  get #isLive(): boolean {
    return (
      this.#durationMs === null && (!this.#isFresh || /audioBroadcast/.test(this.#first.upnpClass ?? ""))
    );
  }

  /** Whether nobody has said what it is. */
  get #isOpen(): boolean {
    return this.#isFresh && this.#durationMs === null && this.#first.upnpClass === null;
  }

  /** What the control point said of it is better than nothing, where it is said of this item. */
  get #track(): Metadata {
    const { CurrentTrackMetaData, AVTransportURI, AVTransportURIMetaData } = this.#variables;
    const uri = uriOf(this.#variables);
    const isItsOwn = String(AVTransportURI ?? "") === uri && !uri.startsWith("x-");
    return metadataOf(CurrentTrackMetaData || (isItsOwn ? AVTransportURIMetaData : undefined));
  }

  #again(before: Variables, changed: Variables): TransportSight["again"] {
    const uri = uriOf(this.#variables);
    if (uriOf(before) !== uri) return undefined;
    // The same item twice shows only by its no longer being the next one.
    if (changed.NextAVTransportURI === "" && before.NextAVTransportURI === uri) return "next";
    if (before.CurrentTrackURI !== uri || !isAnother(before.CurrentTrack, changed.CurrentTrack))
      return undefined;
    return isAnother(before.NumberOfTracks, changed.NumberOfTracks) ? "moved" : "twin";
  }

  /** An alarm starts the first play, and no other while it runs. */
  #isAlarm(wasRunning: boolean, isPlaying: boolean): boolean {
    const isRunning = isOn(this.#variables.AlarmRunning);
    const isAlarm = isRunning && (this.#isAlarmDue || !wasRunning);
    this.#isAlarmDue = isAlarm && !isPlaying;
    return isAlarm;
  }

  get #state(): Sighting["state"] {
    const states: Readonly<Record<string, Sighting["state"]>> = {
      PLAYING: "playing",
      PAUSED_PLAYBACK: "paused",
      TRANSITIONING: "buffering",
    };
    return states[String(this.#variables.TransportState)] ?? "stopped";
  }

  get #modes(): Pick<Sighting, "shuffle" | "repeat" | "mayRepeat"> {
    const { CurrentPlayMode, NumberOfTracks } = this.#variables;
    const mode = String(CurrentPlayMode ?? "");
    // Some do not tell, and repeat nevertheless.
    if (mode === "" || mode === "NOT_IMPLEMENTED") return { mayRepeat: true };
    // Sonos: SHUFFLE repeats all, SHUFFLE_NOREPEAT does not.
    const shuffle = mode.startsWith("SHUFFLE") || mode === "RANDOM";
    if (/REPEAT_ONE/.test(mode)) return { shuffle, repeat: "one", mayRepeat: true };
    const repeats = mode === "REPEAT_ALL" || mode === "SHUFFLE";
    return { shuffle, repeat: repeats ? "all" : "off", mayRepeat: repeats && Number(NumberOfTracks) === 1 };
  }

  /** The control point knows the length better: a renderer guesses at first. */
  get #durationMs(): number | null {
    return this.#track.durationMs ?? durationOf(this.#variables.CurrentTrackDuration);
  }

  #item(uri: string, source: UriSource, changed: Variables, nowMs: number): Item {
    const isSession = isVirtual(uri);
    const sounds = this.#state === "playing";
    const on = isSession
      ? this.#session.look(uri, this.#track, sounds, nowMs)
      : { key: uri, track: this.#track };
    // Its length is another one, too.
    if (isSession && on.key !== this.#key) this.#forget(changed, ["CurrentTrackDuration"]);
    const ofStation = isPiece(uri, source.station, this.#durationMs !== null);
    const livestream =
      ["line_in", "tv"].includes(source.source_type) ||
      (source.source_type === "radio" && !ofStation) ||
      (isSession && on.track.title === null);
    const key = livestream ? (source.station ?? on.key) : on.key;
    if (key !== this.#key) this.#count++;
    this.#key = key;
    const { NextTrackURI, CurrentTrack } = this.#variables;
    const place = ofStation ? this.#count : Number(CurrentTrack);
    const words = (of: UriSource, isLive: boolean) =>
      wordsOf({
        uri,
        source: of,
        livestream: isLive,
        track: on.track,
        station: isSession ? on.track : this.#first,
        container: this.#container,
      });
    const asLive = this.#isOpen ? sourceOf(uri, true, wholeOf(this.#variables)) : source;
    const isOpen = asLive.source_type !== source.source_type;
    return {
      key,
      durationMs: livestream ? null : this.#durationMs,
      livestream,
      place: Number.isSafeInteger(place) && place > 0 ? place : undefined,
      nextKey: typeof NextTrackURI === "string" && NextTrackURI !== "" ? NextTrackURI : undefined,
      words: words(source, livestream),
      ...(isOpen && { ifLive: words(asLive, true) }),
      evidence: source.evidence,
    };
  }

  get #container(): Metadata {
    const { EnqueuedTransportURIMetaData, AVTransportURIMetaData } = this.#variables;
    const { transport } = wholeOf(this.#variables);
    const isStation = stationOf({ transport, enqueued: "" }) !== undefined;
    return metadataOf(EnqueuedTransportURIMetaData || (isStation ? AVTransportURIMetaData : undefined));
  }
}

/** A soundbar on TV may keep the URI of its queue: the track's own comes first. */
const uriOf = ({ CurrentTrackURI, AVTransportURI }: Variables): string =>
  String(CurrentTrackURI || AVTransportURI || "");

const wholeOf = ({ AVTransportURI, EnqueuedTransportURI }: Variables): Whole => ({
  transport: String(AVTransportURI ?? ""),
  enqueued: String(EnqueuedTransportURI ?? ""),
});

const isOn = (value: unknown): boolean => value === true || value === 1 || value === "1";

/** Whether a number was told that is another one than before. */
const isAnother = (before: unknown, now: unknown): boolean =>
  before !== undefined && now !== undefined && String(before) !== String(now);
