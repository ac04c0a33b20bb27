/** Entry `@tonearm/sdk/adapters/file-notes`, for Node. */
export { fileNotes } from "./file-notes.ts";
export type { PlayNotes } from "./play-notes.ts";
