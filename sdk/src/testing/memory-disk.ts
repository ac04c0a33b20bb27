/**
 * A disk in memory for tests, with the durability of a real one: bytes count after `sync`, names after
 * `syncDirectory`, and a power cut leaves only what counts.
 */
import type { Disk, DiskFile } from "../file-log/disk.ts";

interface Inode {
  bytes: Uint8Array;
  syncedBytes: number;
}

/** Which call fails, and how: `times` calls of `operation`, after the next `after` of them. */
export interface Fault {
  readonly operation: keyof Disk | "write" | "sync" | "close";
  readonly code: string;
  readonly after?: number;
  readonly times?: number;
  /** A short write takes this many bytes and reports no error. */
  readonly shortBytes?: number;
}

export class MemoryDisk implements Disk {
  /** Files in quarantine; whatever is done to them is durable at once. */
  readonly quarantined = new Map<string, Uint8Array>();
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #faults: { fault: Fault; after: number; times: number }[] = [];
  capacity = Number.POSITIVE_INFINITY;
  /** Called at the beginning of every call, before it does anything. */
  onCall: (operation: Fault["operation"]) => void = () => undefined;
  /** Every call so far, in order. */
  readonly calls: string[] = [];

  fail(fault: Fault): void {
    this.#faults.push({ fault, after: fault.after ?? 0, times: fault.times ?? 1 });
  }

  clearFaults(): void {
    this.#faults = [];
  }

  /** The content of a file, to be looked at or damaged. */
  bytesOf(name: string): Uint8Array {
    return this.#inode(name).bytes;
  }

  setBytes(name: string, bytes: Uint8Array): void {
    this.#names.set(name, { bytes, syncedBytes: bytes.length });
    this.#durableNames.set(name, this.#names.get(name)!);
  }

  /** What a machine finds after power comes back; `keep` says how much of an unsynced tail survived. */
  powerCut(keep: (unsynced: Uint8Array) => Uint8Array = () => new Uint8Array(0)): MemoryDisk {
    const disk = this.#successor();
    for (const [name, { bytes, syncedBytes }] of this.#durableNames) {
      const tail = keep(bytes.subarray(syncedBytes));
      disk.setBytes(name, new Uint8Array(Buffer.concat([bytes.subarray(0, syncedBytes), tail])));
    }
    return disk;
  }

  /** What another process finds after this one was killed: everything written. */
  processKill(): MemoryDisk {
    const disk = this.#successor();
    for (const [name, { bytes }] of this.#names) disk.setBytes(name, bytes.slice());
    return disk;
  }

  /** Whether `text` stands anywhere: in a file, in what a power cut would leave of it, in quarantine. */
  holds(text: string): boolean {
    const inodes = [...this.#names.values(), ...this.#durableNames.values()];
    const files = [...inodes.map(({ bytes }) => bytes), ...this.quarantined.values()];
    return files.some((bytes) => Buffer.from(bytes).includes(text));
  }

  #successor(): MemoryDisk {
    const disk = new MemoryDisk();
    for (const [name, bytes] of this.quarantined) disk.quarantined.set(name, bytes);
    return disk;
  }

  get used(): number {
    return [...this.#names.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  names(): string[] {
    return [...this.#names.keys()].toSorted();
  }

  async list(): Promise<string[]> {
    this.#called("list");
    return this.names();
  }

  async size(name: string): Promise<number> {
    this.#called("size");
    return this.#inode(name).bytes.length;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    this.#called("read");
    return this.#inode(name).bytes.slice(offset, offset + length);
  }

  async create(name: string): Promise<DiskFile> {
    this.#called("create");
    if (this.#names.has(name)) throw systemError("EEXIST");
    const inode: Inode = { bytes: new Uint8Array(0), syncedBytes: 0 };
    this.#names.set(name, inode);
    return {
      write: async (bytes) => this.#write(inode, bytes),
      sync: async () => {
        this.#called("sync");
        inode.syncedBytes = inode.bytes.length;
      },
      close: async () => {
        this.#called("close");
      },
    };
  }

  async syncFile(name: string): Promise<void> {
    this.#called("syncFile");
    const inode = this.#inode(name);
    inode.syncedBytes = inode.bytes.length;
  }

  async unlink(name: string): Promise<void> {
    this.#called("unlink");
    this.#inode(name);
    this.#names.delete(name);
  }

  async quarantine(name: string): Promise<boolean> {
    this.#called("quarantine");
    this.quarantined.set(name, this.#inode(name).bytes);
    this.#names.delete(name);
    return true;
  }

  async emptyQuarantine(): Promise<void> {
    this.#called("emptyQuarantine");
    this.quarantined.clear();
  }

  async syncDirectory(): Promise<void> {
    this.#called("syncDirectory");
    this.#durableNames = new Map(this.#names);
  }

  async freeBytes(): Promise<number> {
    this.#called("freeBytes");
    return Math.max(0, this.capacity - this.used);
  }

  #write(inode: Inode, bytes: Uint8Array): number {
    const short = this.#called("write")?.shortBytes ?? bytes.length;
    const taken = Math.min(short, bytes.length, Math.max(0, this.capacity - this.used));
    const grown = new Uint8Array(inode.bytes.length + taken);
    grown.set(inode.bytes);
    grown.set(bytes.subarray(0, taken), inode.bytes.length);
    inode.bytes = grown;
    return taken;
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (!inode) throw systemError("ENOENT");
    return inode;
  }

  #called(operation: Fault["operation"]): Fault | undefined {
    this.calls.push(operation);
    this.onCall(operation);
    for (const pending of this.#faults) {
      if (pending.fault.operation !== operation || pending.times === 0) continue;
      if (pending.after-- > 0) continue;
      pending.times--;
      if (pending.fault.shortBytes !== undefined) return pending.fault;
      throw systemError(pending.fault.code);
    }
    return undefined;
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected by the test`), { code });
}
