/** Entry `@tonearm/sdk/file-log`: the log on disk, shared with the relay's spool. */
export type { Disk, DiskFile } from "./file-log/disk.ts";
export { FileLog, type FileLogOptions } from "./file-log/file-log.ts";
export { NodeDisk } from "./file-log/node-disk.ts";
export { type Appended, type Entry, NORMAL, type Run, type Store } from "./store.ts";
