/** Entry `@tonearm/sdk/adapters/sonos`, for Node. */

export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayRecorder } from "./play-tracker.ts";
export type { Because } from "./sighting.ts";
export { followSonos, type SonosOptions, type SonosPlayer } from "./sonos/sonos.ts";
