/** Entry `@tonearm/sdk/file-log`: the log on disk, shared with the relay's spool. */

export type { Spelling } from "./codec.ts";
export type { Disk, DiskFile } from "./file-log/disk.ts";
export { FileLog, type FileLogOptions } from "./file-log/file-log.ts";
export { NodeDisk } from "./file-log/node-disk.ts";
export { type ReadEntry, readEntries } from "./file-log/read-entries.ts";
export {
  type Appended,
  type Backlog,
  type Entry,
  type Eviction,
  NORMAL,
  type OpenedStore,
  type Priority,
  type Purge,
  type Run,
  type RunLimit,
  type SeqRange,
  type Store,
} from "./store.ts";
