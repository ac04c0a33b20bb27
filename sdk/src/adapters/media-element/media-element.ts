/** Plays of an `HTMLMediaElement`: audio, video, live streams, media source extensions, any playback rate. */

import { messageOf } from "../../errors.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, Item, ItemWords, Sighting } from "../sighting.ts";
import { schemeOf } from "../words-of-items.ts";

/** What an application knows of what is on, better than the element does. */
export interface MediaDescription extends ItemWords {
  /**
   * Tells items apart that one `src` plays one after another. It stays in the page. By default an item ends where the element
   * loads another resource.
   */
  readonly key?: string;
  /** Default: whether the element's duration is infinite. */
  readonly livestream?: boolean;
  readonly shuffle?: boolean;
  /** Default: `one` where the element loops. */
  readonly repeat?: "off" | "one" | "all";
}

export interface MediaElementOptions extends AdapterOptions {
  /**
   * Asked whenever something happens to the element. What it leaves out is taken from the page's Media Session (title, artist,
   * album). Default: everything is. If it throws, what it told before holds, and `onTrouble` is told once.
   */
  readonly describe?: () => MediaDescription;
}

/** All that can change what the element does; the state itself is read off the element. */
const EVENTS =
  "play playing pause waiting seeking seeked ended error loadedmetadata durationchange ratechange canplay";
/** A `readyState`, by its name in the standard. */
const HAVE_FUTURE_DATA = 3;

/**
 * Records the plays of an element from now on. A play ends with the page, too.
 * @throws TonearmError `invalid_option`.
 */
export function followMediaElement(element: HTMLMediaElement, options: MediaElementOptions): Adapter {
  const tracker = new PlayTracker(options);
  let loads = 0;
  let hasPlayed = false;
  let described: MediaDescription = {};
  let isSpoilt = false;
  let isLive = false;
  const describe = () => {
    try {
      described = options.describe?.() ?? {};
      isSpoilt = false;
    } catch (error) {
      if (!isSpoilt) tracker.trouble(`what is on cannot be described (${messageOf(error)})`);
      isSpoilt = true;
    }
    return described;
  };
  const look = () => {
    // Before its metadata have come nobody knows: it is as what it replaces.
    if (!Number.isNaN(element.duration)) isLive = element.duration === Number.POSITIVE_INFINITY;
    const seen = sightingOf(element, loads, { livestream: isLive, ...describe() });
    const isAlone = !hasPlayed && seen.state === "playing" && !navigator.userActivation?.hasBeenActive;
    if (seen.state === "playing") hasPlayed = true;
    tracker.see(isAlone ? { ...seen, because: { start: "autoplay", basis: "inferred" } } : seen);
  };
  // Before the SDK's own listeners, which send what there is when a page goes; on its way back the element plays a new play.
  const leave = () => tracker.end({ word: "endplay", basis: "reported" });
  // Whether another resource takes the place of this one is known a moment later.
  const empty = () => {
    loads++;
    queueMicrotask(look);
  };
  for (const type of EVENTS.split(" ")) element.addEventListener(type, look);
  element.addEventListener("emptied", empty);
  addEventListener("pagehide", leave, { capture: true });
  look();
  return {
    because: (because: Because) => tracker.because(because),
    close() {
      for (const type of EVENTS.split(" ")) element.removeEventListener(type, look);
      element.removeEventListener("emptied", empty);
      removeEventListener("pagehide", leave, { capture: true });
      tracker.close();
    },
  };
}

function sightingOf(element: HTMLMediaElement, loads: number, description: MediaDescription): Sighting {
  const { shuffle, repeat = element.loop ? "one" : undefined } = description;
  if (!hasSource(element)) return { state: "stopped", item: null };
  const [state, because] = stateOf(element);
  return {
    state,
    item: itemOf(element, loads, description),
    positionMs: element.currentTime * 1_000,
    rate: element.playbackRate,
    shuffle,
    repeat,
    mayRepeat: element.loop,
    ...(because && { because }),
  };
}

const hasSource = (element: HTMLMediaElement): boolean =>
  Boolean(element.srcObject) || element.hasAttribute("src") || element.querySelector("source") !== null;

function stateOf(element: HTMLMediaElement): readonly [Sighting["state"], Because?] {
  if (element.error) return ["stopped", { end: "trackerror" }];
  if (element.ended) return ["stopped", { end: "trackdone" }];
  if (element.paused || element.playbackRate === 0) return ["paused"];
  return [element.seeking || element.readyState < HAVE_FUTURE_DATA ? "buffering" : "playing"];
}

function itemOf(element: HTMLMediaElement, loads: number, description: MediaDescription): Item {
  const { key = "", livestream = false, ...told } = description;
  const { shuffle: _shuffle, repeat: _repeat, ...words } = told;
  const { title, artist, album } = navigator.mediaSession?.metadata ?? {};
  const evidence = element.currentSrc === "" ? null : schemeOf(element.currentSrc);
  return {
    key: `${loads} ${key}`,
    durationMs: Number.isFinite(element.duration) ? element.duration * 1_000 : null,
    livestream,
    words: {
      content_type: livestream ? "station" : "unknown",
      source_type: livestream ? "radio" : "queue",
      title: title ?? null,
      artist: artist ?? null,
      album: album ?? null,
      ...words,
    },
    evidence,
  };
}
