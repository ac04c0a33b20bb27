import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Disk, DiskFile } from "./disk.ts";

/** Files that one quarantine keeps; older ones make room. */
const QUARANTINE_FILES_MAX = 8;
/** A file larger than this is not kept in quarantine at all. */
const QUARANTINE_BYTES_MAX = 16 * 1024 * 1024;

/** Rejects when the directory is somebody else's. */
type Guard = () => Promise<void>;

/** A real directory. It must exist. Files are made 0600: what people listen to is nobody else's business. */
export class NodeDisk implements Disk {
  readonly #directory: string;
  readonly #guard: Guard;

  /** @param guard is asked before anything is changed, and after every sync before it counts; see `DirectoryLock`. */
  constructor(directory: string, guard: Guard = async () => undefined) {
    this.#directory = directory;
    this.#guard = guard;
  }

  async list(): Promise<string[]> {
    await this.#guard();
    const entries = await readdir(this.#directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  async size(name: string): Promise<number> {
    return (await stat(this.#path(name))).size;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    try {
      return await this.#read(name, offset, length);
    } catch (error) {
      // What is missing is not damaged when others have the directory.
      await this.#guard();
      throw error;
    }
  }

  #read(name: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#with(name, "r", async (handle) => {
      const buffer = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    });
  }

  async create(name: string): Promise<DiskFile> {
    await this.#guard();
    return new NodeFile(await open(this.#path(name), "ax", 0o600), this.#guard);
  }

  syncFile(name: string): Promise<void> {
    return this.#with(name, "r+", (handle) => handle.datasync());
  }

  async unlink(name: string): Promise<void> {
    await this.#guard();
    await unlink(this.#path(name));
  }

  async quarantine(name: string): Promise<boolean> {
    await this.#guard();
    const quarantine = this.#path("quarantine");
    await mkdir(quarantine, { recursive: true, mode: 0o700 });
    const kept = (await readdir(quarantine)).toSorted();
    for (const old of kept.slice(0, Math.max(0, kept.length + 1 - QUARANTINE_FILES_MAX))) {
      await rm(join(quarantine, old), { force: true });
    }
    const isKept = (await this.size(name)) <= QUARANTINE_BYTES_MAX;
    if (isKept) await rename(this.#path(name), join(quarantine, name));
    else await this.unlink(name);
    return isKept;
  }

  async emptyQuarantine(): Promise<void> {
    await this.#guard();
    await rm(this.#path("quarantine"), { recursive: true, force: true });
  }

  async syncDirectory(): Promise<void> {
    // Windows cannot open a directory; NTFS journals names by itself.
    if (process.platform === "win32") return;
    await this.#with(".", "r", (handle) => handle.sync());
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory);
    return bavail * bsize;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #with<T>(name: string, flags: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
    const handle = await open(this.#path(name), flags);
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #guard: Guard;

  constructor(handle: FileHandle, guard: Guard) {
    this.#handle = handle;
    this.#guard = guard;
  }

  async write(bytes: Uint8Array): Promise<number> {
    return (await this.#handle.write(bytes)).bytesWritten;
  }

  async sync(): Promise<void> {
    await this.#handle.datasync();
    // What nobody can find any more is not durable.
    if ((await this.#handle.stat()).nlink === 0) throw new Error("the file was removed by somebody else");
    await this.#guard();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
