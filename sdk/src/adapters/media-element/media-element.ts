/** Plays of an `HTMLMediaElement`: audio, video, live streams, media source extensions, any playback rate. */

import { messageOf } from "../../errors.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, ItemWords } from "../sighting.ts";
import { ElementReader } from "./element.ts";

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
/** Elements that are followed. */
const followed = new WeakSet<HTMLMediaElement>();

/**
 * Records the plays of an element from now on. A play ends with the page, too.
 * @throws TonearmError `invalid_option`.
 */
export function followMediaElement(element: HTMLMediaElement, options: MediaElementOptions): Adapter {
  const tracker = new PlayTracker(options);
  const reader = new ElementReader(element);
  let hasPlayed = false;
  let described: MediaDescription = {};
  let isSpoilt = false;
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
  const look = ({ type }: { readonly type: string }) => {
    const seen = reader.read(type, describe(), tracker.current?.key);
    if (!seen) return;
    const isAlone = !hasPlayed && seen.state === "playing" && !navigator.userActivation?.hasBeenActive;
    if (seen.state === "playing") hasPlayed = true;
    tracker.see(isAlone ? { ...seen, because: { start: "autoplay", basis: "inferred" } } : seen);
  };
  // Told several times a second; hardly ever is there anything to it.
  const pass = (event: Event) => {
    if (reader.isNews) look(event);
  };
  // Before the SDK's own listeners, which send what there is when a page goes; on its way back the element plays a new play.
  const leave = () => tracker.end({ word: "endplay", basis: "reported" });
  // Whether another resource takes the place of this one is known a moment later.
  const empty = () => {
    reader.empty();
    queueMicrotask(() => look({ type: "emptied" }));
  };
  for (const type of EVENTS.split(" ")) element.addEventListener(type, look);
  element.addEventListener("emptied", empty);
  element.addEventListener("timeupdate", pass);
  addEventListener("pagehide", leave, { capture: true });
  if (followed.has(element)) tracker.trouble("the element is followed already: each play is told twice");
  followed.add(element);
  look({ type: "" });
  return {
    because: (because: Because) => tracker.because(because),
    close() {
      for (const type of EVENTS.split(" ")) element.removeEventListener(type, look);
      element.removeEventListener("emptied", empty);
      element.removeEventListener("timeupdate", pass);
      followed.delete(element);
      removeEventListener("pagehide", leave, { capture: true });
      tracker.close();
    },
  };
}
