/** Entry `@tonearm/sdk/adapters/mpd`, for Node. */
export { followMpd, type MpdOptions } from "./mpd/mpd.ts";
export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayRecorder } from "./play-tracker.ts";
export type { Because } from "./sighting.ts";
