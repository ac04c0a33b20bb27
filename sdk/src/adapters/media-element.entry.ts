/** Entry `@tonearm/sdk/adapters/media-element`, for browsers. */
export {
  followMediaElement,
  type MediaDescription,
  type MediaElementOptions,
} from "./media-element/media-element.ts";
export { pageNotes } from "./media-element/page-notes.ts";
export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayRecorder } from "./play-tracker.ts";
export type { Because, ItemWords } from "./sighting.ts";
