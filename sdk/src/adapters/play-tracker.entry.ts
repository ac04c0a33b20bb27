/** Entry `@tonearm/sdk/adapters/play-tracker`: for players that have no adapter of their own. */
export type { PlayNotes } from "./play-notes.ts";
export {
  type Adapter,
  type AdapterOptions,
  type PlayerPlace,
  type PlayRecorder,
  PlayTracker,
} from "./play-tracker.ts";
export type { Because, Item, ItemWords, Sighting } from "./sighting.ts";
