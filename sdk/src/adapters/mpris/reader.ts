import type { Item, Sighting } from "../sighting.ts";
import { schemeOf } from "../words-of-items.ts";
import { NetworkItems } from "./network.ts";

/** Properties of `org.mpris.MediaPlayer2.Player`, plain values. */
export type Properties = Readonly<Record<string, unknown>>;

const REPEATS: Readonly<Record<string, Sighting["repeat"]>> = { None: "off", Track: "one", Playlist: "all" };
const MS = 1_000;
/** Some players say the greatest number there is, or a negative one, of what has no length. */
const LENGTH_MAX_US = 1e15;

/** What is on without a URI. */
interface Named {
  readonly id: string;
  readonly durationMs: number | null;
  /** Whether that is the length of the track before, and may be told of this one only because its own is not known yet. */
  readonly isOld: boolean;
  readonly count: number;
}

/** Puts what a player signals bit by bit together into what it does. */
export class MprisReader {
  readonly #service: string;
  #properties: Properties = {};
  /** Where a player was, in µs, that is only presumed to play; null as long as it has not said. */
  #presumedUs: number | null | undefined;
  #isBetween = false;
  readonly #network = new NetworkItems();
  /** What is on without a URI, and how many such tracks there were. */
  #named: Named | undefined;

  /** @param service the player's own name, such as `mpv`. */
  constructor(service: string) {
    this.#service = service;
  }

  /** Whether it is only presumed that the player plays: it put a track on, and said nothing of its state. */
  get isPresumed(): boolean {
    return this.#presumedUs !== undefined;
  }

  /** Whether the player plays, and says no more what: it is between two tracks, or at its end. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  /** Where the player is that is presumed to play, for it to be seen later whether it has moved. */
  presume({ Position }: Properties): void {
    if (this.isPresumed) this.#presumedUs = numberOf(Position) ?? null;
  }

  /** Whether a player that is presumed to play says that it is where it was. */
  hasNotMoved({ PlaybackStatus, Position }: Properties): boolean {
    return this.isPresumed && PlaybackStatus === "Stopped" && numberOf(Position) === this.#presumedUs;
  }

  /** All that the player says at this moment. Of a presumption, only its time can say whether it is true. */
  set(properties: Properties): Sighting {
    const { PlaybackStatus, Position } = properties;
    const wasUs = this.#presumedUs ?? null;
    const isUs = numberOf(Position) ?? -1;
    const moves = wasUs !== null && isUs > 0 && isUs !== wasUs && PlaybackStatus === "Stopped";
    this.#presumedUs = moves ? isUs : undefined;
    this.#properties = moves ? { ...properties, PlaybackStatus: "Playing" } : properties;
    this.#isBetween = false;
    return this.#sighting();
  }

  /**
   * What the player says has changed. One that puts a track on and says nothing of its state is presumed to play it: some never
   * say that their first track plays, not even when they are asked.
   */
  change(changed: Properties): Sighting {
    const before = this.#properties;
    const had = this.#item();
    // Where it stands it stays.
    const stands = this.isPresumed || before.PlaybackStatus === "Paused";
    this.#properties = { ...before, Position: stands ? before.Position : undefined, ...changed };
    if ("PlaybackStatus" in changed) this.#presumedUs = undefined;
    const item = this.#item();
    const isEmpty = "Metadata" in changed ? item === null : this.#isBetween;
    this.#isBetween = had !== null && isEmpty && this.#properties.PlaybackStatus === "Playing";
    // What comes is told of when it comes.
    if (this.#isBetween) {
      this.#properties = { ...this.#properties, Metadata: before.Metadata };
      return this.#sighting();
    }
    const isSilent = this.#properties.PlaybackStatus === "Stopped" && !("PlaybackStatus" in changed);
    const isAnother = "Metadata" in changed && item !== null && item.key !== had?.key;
    if (isAnother) this.#properties = { ...this.#properties, Position: 0 };
    if (isAnother && isSilent) {
      this.#presumedUs = null;
      this.#properties = { ...this.#properties, PlaybackStatus: "Playing" };
    }
    return this.#sighting();
  }

  /** @param positionUs where the player is now. */
  seek(positionUs: number): Sighting {
    this.#properties = { ...this.#properties, Position: positionUs };
    return this.#sighting();
  }

  #sighting(): Sighting {
    const { PlaybackStatus, LoopStatus, Shuffle, Rate, Position } = this.#properties;
    const item = this.#item();
    const states = { Playing: "playing", Paused: "paused" } as const;
    const positionUs = numberOf(Position);
    return {
      state: this.#isBetween
        ? "buffering"
        : ((item && states[PlaybackStatus as keyof typeof states]) ?? "stopped"),
      item,
      positionMs: positionUs === undefined ? undefined : positionUs / MS,
      rate: numberOf(Rate) ?? 1,
      shuffle: typeof Shuffle === "boolean" ? Shuffle : undefined,
      repeat: REPEATS[String(LoopStatus)],
      // A list of one track is looped, too; nobody tells how long it is.
      mayRepeat: LoopStatus === "Track" || LoopStatus === "Playlist",
    };
  }

  #item(): Item | null {
    const metadata = (this.#properties.Metadata ?? {}) as Properties;
    const track = textOf(metadata["mpris:trackid"]) ?? "";
    const url = textOf(metadata["xesam:url"]) ?? "";
    // Without a URI one id may be every track's.
    const name = url === "" ? (textOf(metadata["xesam:title"]) ?? "") : "";
    if (`${track}${url}${name}` === "" || /noplaylist|NoTrack$/i.test(track)) return null;
    const lengthUs = numberOf(metadata["mpris:length"]);
    const durationMs =
      lengthUs !== undefined && lengthUs > 0 && lengthUs <= LENGTH_MAX_US ? lengthUs / MS : null;
    const scheme = schemeOf(url);
    const uri = spotifyUri(track);
    const key = url === "" ? this.#keyOf(`${track} ${name}`, durationMs) : `${track} ${url}`;
    const told = {
      item_uri: uri,
      title: titleOf(metadata, url),
      artist: textOf(metadata["xesam:artist"]),
      album: textOf(metadata["xesam:album"]),
      service: this.#service,
    };
    const file = {
      ...told,
      content_type: uri?.startsWith("spotify:episode:") ? "episode" : "track",
      source_type: "queue",
    } as const;
    if (!/^(https?|rtsp|mms|icy)$/.test(scheme ?? ""))
      return { key, durationMs, words: file, evidence: scheme };
    const far = this.#network.look(key, durationMs, told.title, told.artist);
    const station = {
      ...told,
      title: far.name,
      artist: null,
      album: null,
      content_type: "station",
      source_type: "radio",
    } as const;
    const isStation = far.kind === "station";
    return {
      key,
      durationMs: far.durationMs,
      livestream: isStation,
      words: isStation ? station : file,
      ...(far.kind === "open" && { ifLive: station }),
      evidence: scheme,
    };
  }

  /**
   * Of what has no URI. Another length makes another track of it. One that is told late, as by browsers, does not, nor one that comes
   * in the place of the length of the track before.
   */
  #keyOf(id: string, durationMs: number | null): string {
    const was = this.#named;
    const isSame =
      was?.id === id &&
      (was.isOld || was.durationMs === durationMs || was.durationMs === null || durationMs === null);
    const isOld = durationMs !== null && was?.durationMs === durationMs && (was.isOld || !isSame);
    this.#named = {
      id,
      durationMs: durationMs ?? (isSame ? was.durationMs : null),
      isOld,
      count: (was?.count ?? 0) + (isSame ? 0 : 1),
    };
    return `${id} #${this.#named.count}`;
  }
}

/** A player that knows no title says the end of the URI, unescaped or not, with or without its query: it may be a token. */
function titleOf(metadata: Properties, url: string): string | null {
  const title = textOf(metadata["xesam:title"]);
  if (title === null) return null;
  const [path = ""] = url.split(/[?#]/, 1);
  const isPiece = [url, decoded(url), path, decoded(path)].some((each) => `/${each}`.endsWith(`/${title}`));
  return isPiece ? null : title;
}

/** What cannot be decoded stays as it is, as players leave it. */
const decoded = (text: string): string =>
  text.replaceAll(/(?:%[\da-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });

/** The public name of what Spotify plays; a URI of another kind is told to nobody. */
function spotifyUri(track: string): string | null {
  const [, kind, id] = /^(?:\/com\/)?spotify[/:](track|episode)[/:](\w{1,64})$/.exec(track) ?? [];
  return id === undefined ? null : `spotify:${kind}:${id}`;
}

function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string").join(", ") || null;
  return typeof value === "string" && value !== "" ? value : null;
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
