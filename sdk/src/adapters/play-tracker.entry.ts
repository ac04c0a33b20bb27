/** Entry `@tonearm/sdk/adapters/play-tracker`: for players that have no adapter of their own. */
export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export {
  type Adapter,
  type AdapterOptions,
  type PlayRecorder,
  PlayTracker,
} from "./play-tracker.ts";
export type { Because, Item, ItemWords, Sighting } from "./sighting.ts";
