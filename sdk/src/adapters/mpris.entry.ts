/** Entry `@tonearm/sdk/adapters/mpris`, for Node. */
export { followMpris, type MessageBus, type MprisOptions } from "./mpris/mpris.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayerPlace, PlayRecorder } from "./play-tracker.ts";
export type { Because } from "./sighting.ts";
