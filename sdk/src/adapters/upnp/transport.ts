import { LIVE_AFTER_MS } from "../live.ts";
import type { Item, ItemWords, Sighting } from "../sighting.ts";
import { durationOf, type Metadata, metadataOf } from "./metadata.ts";
import { sourceOf, type UriSource } from "./uri.ts";

/** Variables of AVTransport by their names, without prefixes; metadata as DIDL-Lite or as `@svrooij/sonos` parses it. */
export type Variables = Readonly<Record<string, unknown>>;

/** What is seen of a transport. */
export interface TransportSight {
  readonly seen: Sighting;
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

/** The time of what comes in by a cable may stand at 0. */
export const isTimeless = ({ source }: TransportSight): boolean =>
  source?.source_type === "line_in" || source?.source_type === "tv";

/** Puts what a transport notifies bit by bit together into what it does. */
export class TransportReader {
  #variables: Variables = {};
  /** Whether an alarm is running that has not begun a play yet. */
  #isAlarmDue = false;
  /** What was told of the item when it was put on: of a station its name, in whose place some players put what it plays. */
  #first: Metadata = metadataOf(undefined);
  /** Whether the player has not opened the item yet: what it does not tell of its length, it does not know. */
  #isFresh = false;
  #isLive = true;

  /**
   * The player answers that it has played for a while. A length that it has not notified of is the same as that of the item before, or
   * there is none, which is believed at once only if the control point's word is not against it.
   * @param ageMs how long the item has been on. @returns undefined if that changes nothing.
   */
  opened(length: string | undefined, ageMs: number): TransportSight | undefined {
    const isBelieved =
      durationOf(length) !== null || this.#first.upnpClass === null || ageMs >= LIVE_AFTER_MS;
    return this.#isFresh && isBelieved ? this.change({ CurrentTrackDuration: length ?? "" }) : undefined;
  }

  change(changed: Variables): TransportSight {
    const before = this.#variables;
    this.#variables = { ...before, ...changed };
    const uri = uriOf(this.#variables);
    if (uri !== uriOf(before)) this.#putOn(changed);
    if (changed.CurrentTrackDuration !== undefined) this.#isFresh = false;
    this.#isLive = this.#isLiveNow;
    const source = uri === "" ? null : sourceOf(uri, this.#isLive);
    const item = source && this.#item(uri, source);
    const state = item ? this.#state : "stopped";
    const isAlarm = this.#isAlarm(isOn(before.AlarmRunning), state === "playing");
    return {
      seen: {
        state,
        item,
        ...this.#modes,
        ...(isAlarm && { because: { start: "alarm", trigger: "alarm" } as const }),
      },
      source,
      again: item ? this.#again(before, changed) : undefined,
      proves: durationOf(changed.CurrentTrackDuration) !== null,
    };
  }

  /** Its length is another one, which may be told later. */
  #putOn({ CurrentTrackDuration }: Variables): void {
    this.#variables = { ...this.#variables, CurrentTrackDuration };
    this.#first = this.#track;
    this.#isFresh = true;
  }

  /** Whether it has no end of its own. As long as nobody can know, the control point's word counts, or it is as what it replaces. */
  get #isLiveNow(): boolean {
    const { upnpClass } = this.#first;
    if (this.#durationMs !== null) return false;
    if (!this.#isFresh || /audioBroadcast/.test(upnpClass ?? "")) return true;
    return this.#isLive && upnpClass === null;
  }

  get #track(): Metadata {
    const { CurrentTrackMetaData, AVTransportURIMetaData } = this.#variables;
    return metadataOf(CurrentTrackMetaData || AVTransportURIMetaData);
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

  #item(uri: string, source: UriSource): Item {
    const { NextTrackURI, CurrentTrack } = this.#variables;
    const livestream = ["radio", "line_in", "tv"].includes(source.source_type);
    const place = Number(CurrentTrack);
    return {
      key: uri,
      durationMs: livestream ? null : this.#durationMs,
      livestream,
      place: Number.isSafeInteger(place) && place > 0 ? place : undefined,
      nextKey: typeof NextTrackURI === "string" && NextTrackURI !== "" ? NextTrackURI : undefined,
      words: this.#words(source, livestream),
      evidence: source.evidence,
    };
  }

  #words(source: UriSource, livestream: boolean): ItemWords {
    const track = this.#track;
    const container = metadataOf(this.#variables.EnqueuedTransportURIMetaData);
    const { source_type, service, item_uri } = source;
    const rest = { source_type, service, item_uri };
    const isStation = source_type === "radio";
    // What a station plays at the moment is not what was played: the play is the station's.
    const words = livestream
      ? { title: container.title ?? this.#first.title, artist: null, album: null }
      : track;
    return {
      ...rest,
      content_type: isStation ? "station" : contentTypeOf(track.upnpClass),
      title: words.title,
      artist: words.artist,
      album: words.album,
      container_type: isStation ? "station" : containerTypeOf(container.upnpClass),
      container_name: container.title,
    };
  }
}

/** A soundbar on TV may keep the URI of its queue: the track's own comes first. */
const uriOf = ({ CurrentTrackURI, AVTransportURI }: Variables): string =>
  String(CurrentTrackURI || AVTransportURI || "");

function contentTypeOf(upnpClass: string | null): NonNullable<ItemWords["content_type"]> {
  if (upnpClass === null) return "unknown";
  if (upnpClass.includes(".musicTrack")) return "track";
  if (upnpClass.includes(".audioBook")) return "audiobook_chapter";
  return /podcast|episode/i.test(upnpClass) ? "episode" : "unknown";
}

function containerTypeOf(upnpClass: string | null): string | null {
  const [, kind = null] = /^object\.container\.(album|playlist|genre|person)/.exec(upnpClass ?? "") ?? [];
  return kind;
}

const isOn = (value: unknown): boolean => value === true || value === 1 || value === "1";

/** Whether a number was told that is another one than before. */
const isAnother = (before: unknown, now: unknown): boolean =>
  before !== undefined && now !== undefined && String(before) !== String(now);
