import { LIVE_AFTER_MS } from "../live.ts";
import type { Because, Item, ItemWords, Sighting } from "../sighting.ts";
import { StationName } from "../station-name.ts";
import { schemeOf } from "../words-of-items.ts";
import type { MediaDescription } from "./media-element.ts";

/** `readyState`s, by their names in the standard. */
const HAVE_NOTHING = 0;
const HAVE_FUTURE_DATA = 3;

/** What was reported of an element, whatever a listener before this one made of it since. */
const REPORTED: Readonly<Record<string, Because>> = {
  ended: { end: "trackdone" },
  error: { end: "trackerror" },
};

/** Reads what an element does off the element itself. */
export class ElementReader {
  readonly #element: HTMLMediaElement;
  #loads = 0;
  /** Whether anything of this resource was there. */
  #isLoaded = false;
  /** Undefined as long as nobody can know. */
  #isLive: boolean | undefined;
  readonly #stationName = new StationName();
  #metadata: MediaMetadata | null = null;
  #isLoop = false;

  constructor(element: HTMLMediaElement) {
    this.#element = element;
  }

  /** Another resource is loaded, or none. */
  empty(): void {
    this.#loads++;
    this.#isLoaded = false;
    this.#isLive = undefined;
  }

  /** Whether something has changed that no event tells: what the page says of what is on, the loop, the beginning reached backwards. */
  get isNews(): boolean {
    const { loop, paused, playbackRate, currentTime } = this.#element;
    const isNew = sessionMetadata() !== this.#metadata || loop !== this.#isLoop;
    return isNew || (!paused && playbackRate < 0 && currentTime === 0);
  }

  /**
   * @param type the event that it is read for. @param playing the key of the item that the tracker has a play of.
   * @returns undefined while the resource is taken away: `emptied` comes, and tells.
   */
  read(type: string, description: MediaDescription, playing: string | undefined): Sighting | undefined {
    const element = this.#element;
    const reported = REPORTED[type];
    if (reported) return { state: "stopped", item: null, because: reported };
    if (element.readyState > HAVE_NOTHING) this.#isLoaded = true;
    else if (this.#isLoaded) return undefined;
    if (!hasSource(element)) return { state: "stopped", item: null };
    this.#seeLength();
    this.#isLoop = element.loop;
    const { shuffle, repeat = element.loop ? "one" : undefined } = description;
    const [state, because] = stateOf(element);
    return {
      state,
      item: this.#item(description, state, playing),
      positionMs: element.readyState > HAVE_NOTHING ? element.currentTime * 1_000 : undefined,
      rate: element.playbackRate,
      shuffle,
      repeat,
      mayRepeat: element.loop,
      ...(because && { because }),
    };
  }

  /** What has no end is live. It gets a length when it ends; a file does so before it has sounded for long. */
  #seeLength(): void {
    const { duration, currentTime } = this.#element;
    if (Number.isNaN(duration)) return;
    if (duration === Number.POSITIVE_INFINITY) this.#isLive = true;
    else if (!this.#isLive || currentTime * 1_000 < LIVE_AFTER_MS) this.#isLive = false;
  }

  #item(description: MediaDescription, state: Sighting["state"], playing: string | undefined): Item {
    const { duration, currentSrc } = this.#element;
    const { key: own = "", livestream: told, shuffle: _shuffle, repeat: _repeat, ...words } = description;
    const key = `${this.#loads} ${own}`;
    // What the page says while a play of it rests may be of what comes next.
    if (state === "playing" || key !== playing) this.#metadata = sessionMetadata();
    const { title = null, artist = null, album = null } = this.#metadata ?? {};
    const name = this.#stationName.look(key, title || null, artist || null);
    const file: ItemWords = { content_type: "unknown", source_type: "queue", title, artist, album, ...words };
    const station: ItemWords = {
      content_type: "station",
      source_type: "radio",
      title: name,
      artist: null,
      album: null,
      ...words,
    };
    const livestream = told ?? this.#isLive;
    return {
      key,
      durationMs: Number.isFinite(duration) ? duration * 1_000 : null,
      livestream: livestream ?? false,
      words: livestream ? station : file,
      ...(livestream === undefined && { ifLive: station }),
      evidence: currentSrc === "" ? null : schemeOf(currentSrc),
    };
  }
}

const sessionMetadata = (): MediaMetadata | null => navigator.mediaSession?.metadata ?? null;

const hasSource = (element: HTMLMediaElement): boolean =>
  Boolean(element.srcObject) || element.hasAttribute("src") || element.querySelector("source") !== null;

function stateOf(element: HTMLMediaElement): readonly [Sighting["state"], Because?] {
  const { playbackRate, currentTime } = element;
  if (element.error) return ["stopped", { end: "trackerror" }];
  if (element.ended) return ["stopped", { end: "trackdone" }];
  // Backwards it stands at its beginning, and is not called paused.
  if (element.paused || playbackRate === 0 || (playbackRate < 0 && currentTime === 0)) return ["paused"];
  return [element.seeking || element.readyState < HAVE_FUTURE_DATA ? "buffering" : "playing"];
}
