/** Entry `@tonearm/sdk/adapters/upnp`, for Node. */

export type { PlayerPlace } from "./parts-of-tracker.ts";
export type { PlayNotes } from "./play-notes.ts";
export type { Adapter, AdapterOptions, PlayRecorder } from "./play-tracker.ts";
export type { Because } from "./sighting.ts";
export { followUpnpRenderer, type UpnpRendererOptions } from "./upnp/renderer.ts";
