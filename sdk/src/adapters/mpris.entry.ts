/** Entry `@tonearm/sdk/adapters/mpris`, for Node. */
export type { MessageBus } from "./mpris/bus.ts";
export { followMpris, type MprisOptions } from "./mpris/mpris.ts";
export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayRecorder } from "./play-tracker.ts";
export type { Because } from "./sighting.ts";
