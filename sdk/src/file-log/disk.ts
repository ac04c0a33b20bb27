/**
 * The port to one directory. Every method rejects with the system's error (its `code` is ENOSPC, EIO, …); what to
 * do about it is the log's decision. A simulation implements this port to own the disk.
 */
export interface Disk {
  /** Names of the regular files in the directory. */
  list(): Promise<string[]>;
  /** The length of a file in bytes. */
  size(name: string): Promise<number>;
  /** Up to `length` bytes from `offset`, the caller's own; fewer at the end of the file. */
  read(name: string, offset: number, length: number): Promise<Uint8Array>;
  /** Creates a file that must not exist yet. */
  create(name: string): Promise<DiskFile>;
  /** Makes the present content of a file durable, whoever wrote it. */
  syncFile(name: string): Promise<void>;
  unlink(name: string): Promise<void>;
  /**
   * Moves a file into the subdirectory `quarantine`, which is made when missing. False when it is too large to be kept, and
   * was removed.
   */
  quarantine(name: string): Promise<boolean>;
  /** Removes that subdirectory and everything in it. */
  emptyQuarantine(): Promise<void>;
  /** Makes created and removed names durable. */
  syncDirectory(): Promise<void>;
  /** Bytes that this process may still write on this medium. */
  freeBytes(): Promise<number>;
}

/** A file open for appending. */
export interface DiskFile {
  /** Appends, and returns how many bytes were taken, which it no longer needs: on a full disk fewer than given, without an error. */
  write(bytes: Uint8Array): Promise<number>;
  /** Makes everything written durable. A failed call is never repeated: the pages count as clean after it. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Whether this process is short of something for now, such as the directory, and the file itself is none the worse. */
export function isShortage(error: unknown): boolean {
  return ["EMFILE", "ENFILE", "ENOMEM", "EINTR", "EAGAIN", "directory_locked"].includes(codeOf(error));
}

/** Whether the medium has no room. */
export function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
