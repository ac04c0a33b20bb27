import type { Item, Sighting } from "../sighting.ts";
import { schemeOf } from "../words-of-items.ts";
import { NetworkItems } from "./network.ts";

/** Properties of `org.mpris.MediaPlayer2.Player`, plain values. */
export type Properties = Readonly<Record<string, unknown>>;

const REPEATS: Readonly<Record<string, Sighting["repeat"]>> = { None: "off", Track: "one", Playlist: "all" };
const MS = 1_000;
/** Some players say the greatest number there is, or a negative one, of what has no length. */
const LENGTH_MAX_US = 1e15;

/** Puts what a player signals bit by bit together into what it does. */
export class MprisReader {
  readonly #service: string;
  #properties: Properties = {};
  #isPresumed = false;
  readonly #network = new NetworkItems();
  /** What is on without a URI, and how many such tracks there were. */
  #named: { readonly id: string; readonly durationMs: number | null; readonly count: number } | undefined;

  /** @param service the player's own name, such as `mpv`. */
  constructor(service: string) {
    this.#service = service;
  }

  /** Whether it is only presumed that the player plays: it put a track on, and said nothing of its state. */
  get isPresumed(): boolean {
    return this.#isPresumed;
  }

  /** All that the player says at this moment. Of a presumption, only its time can say whether it is true. */
  set(properties: Properties): Sighting {
    const passes =
      this.#isPresumed && properties.PlaybackStatus === "Stopped" && numberOf(properties.Position) !== 0;
    this.#isPresumed = passes;
    this.#properties = passes ? { ...properties, PlaybackStatus: "Playing" } : properties;
    return this.#sighting();
  }

  /**
   * What the player says has changed. One that puts a track on and says nothing of its state is presumed to play it: some never
   * say that their first track plays, not even when they are asked.
   */
  change(changed: Properties): Sighting {
    const had = this.#item();
    this.#properties = { ...this.#properties, Position: undefined, ...changed };
    if ("PlaybackStatus" in changed) this.#isPresumed = false;
    const isSilent = this.#properties.PlaybackStatus === "Stopped" && !("PlaybackStatus" in changed);
    const isAnother = "Metadata" in changed && this.#item() !== null && this.#item()?.key !== had?.key;
    if (isAnother) this.#properties = { ...this.#properties, Position: 0 };
    if (isAnother && isSilent) {
      this.#isPresumed = true;
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
      state: (item && states[PlaybackStatus as keyof typeof states]) ?? "stopped",
      item,
      positionMs: positionUs === undefined ? undefined : positionUs / MS,
      rate: numberOf(Rate) ?? 1,
      shuffle: typeof Shuffle === "boolean" ? Shuffle : undefined,
      repeat: REPEATS[String(LoopStatus)],
      mayRepeat: LoopStatus === "Track",
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
      durationMs,
      title: titleOf(metadata, url),
      artist: textOf(metadata["xesam:artist"]),
      album: textOf(metadata["xesam:album"]),
    };
    const isFar = /^(https?|rtsp|mms|icy)$/.test(scheme ?? "");
    const far = isFar ? this.#network.look(key, durationMs, told.title, told.artist) : undefined;
    const livestream = far?.isStation ?? false;
    return {
      key,
      durationMs: far ? far.durationMs : durationMs,
      livestream,
      words: {
        content_type: contentTypeOf(livestream, uri),
        item_uri: uri,
        title: far ? far.title : told.title,
        artist: livestream ? null : told.artist,
        album: livestream ? null : told.album,
        service: this.#service,
        source_type: livestream ? "radio" : "queue",
      },
      evidence: scheme,
    };
  }

  /** Of what has no URI. Another length makes another track of it; one that is told late, as by browsers, does not. */
  #keyOf(id: string, durationMs: number | null): string {
    const { count, ...was } = this.#named ?? { id: undefined, durationMs: null, count: 0 };
    const isSame =
      was.id === id && (was.durationMs === durationMs || was.durationMs === null || durationMs === null);
    this.#named = {
      id,
      durationMs: durationMs ?? (isSame ? was.durationMs : null),
      count: isSame ? count : count + 1,
    };
    return `${id} #${this.#named.count}`;
  }
}

function contentTypeOf(livestream: boolean, uri: string | null): "station" | "episode" | "track" {
  if (livestream) return "station";
  return uri?.startsWith("spotify:episode:") ? "episode" : "track";
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
