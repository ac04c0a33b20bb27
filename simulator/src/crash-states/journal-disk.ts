import type { Disk, DiskFile } from "@tonearm/sdk/file-log";

/** Files by name, whole: what a machine finds at its start. */
export type Image = ReadonlyMap<string, Uint8Array>;

/** A file's bytes. They are only ever appended to, so that a part of them stays what it is. */
export interface StoredFile {
  readonly id: number;
  bytes: Uint8Array;
  length: number;
  /** Bytes from the start that were synced. */
  syncedBytes: number;
}

/** A change of the directory that is not synced yet. */
export type Change =
  | { readonly kind: "create"; readonly name: string; readonly file: StoredFile }
  | { readonly kind: "unlink"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string };

/** Where files that cannot be used are set aside. */
const QUARANTINE = "quarantine/";

/**
 * A disk in memory that answers at once, keeps apart what is synced and what is not, and tells of every step, so that each of
 * them can be the last one.
 */
export class JournalDisk implements Disk {
  readonly names = new Map<string, StoredFile>();
  readonly durableNames = new Map<string, StoredFile>();
  readonly changes: Change[] = [];
  /** Calls so far. */
  calls = 0;
  /** Told of each call before it has done anything. What it throws, the call rejects with; a number cuts a write short. */
  onCall: (operation: string) => number | undefined = () => undefined;
  /** Told whenever what a crash could leave has changed. */
  onChange: () => void = () => undefined;
  #files = 0;

  /** @param image what is there, durable. */
  constructor(image: Image = new Map()) {
    for (const [name, bytes] of image) {
      const file = { id: this.#files++, bytes, length: bytes.length, syncedBytes: bytes.length };
      this.names.set(name, file);
      this.durableNames.set(name, file);
    }
  }

  /** What a crash of the process leaves: everything. */
  killed(): Image {
    return new Map([...this.names].map(([name, { bytes, length }]) => [name, bytes.subarray(0, length)]));
  }

  /** The least that a power cut leaves. */
  cut(): Image {
    return new Map(
      [...this.durableNames].map(([name, { bytes, syncedBytes }]) => [name, bytes.subarray(0, syncedBytes)]),
    );
  }

  async list(): Promise<string[]> {
    this.#called("list");
    return [...this.names.keys()].filter((name) => !name.startsWith(QUARANTINE));
  }

  async size(name: string): Promise<number> {
    this.#called("size");
    return this.#file(name).length;
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    this.#called("read");
    const file = this.#file(name);
    return file.bytes.subarray(offset, Math.min(offset + length, file.length));
  }

  async create(name: string): Promise<DiskFile> {
    this.#called("create");
    if (this.names.has(name)) throw systemError("EEXIST");
    const file: StoredFile = { id: this.#files++, bytes: new Uint8Array(0), length: 0, syncedBytes: 0 };
    this.#change({ kind: "create", name, file });
    return {
      write: async (bytes) => this.#write(file, bytes),
      sync: async () => {
        this.#called("sync");
        file.syncedBytes = file.length;
        this.onChange();
      },
      close: async () => void this.#called("close"),
    };
  }

  async syncFile(name: string): Promise<void> {
    this.#called("syncFile");
    const file = this.#file(name);
    file.syncedBytes = file.length;
    this.onChange();
  }

  async unlink(name: string): Promise<void> {
    this.#called("unlink");
    this.#file(name);
    this.#change({ kind: "unlink", name });
  }

  async quarantine(name: string): Promise<boolean> {
    this.#called("quarantine");
    this.#file(name);
    this.#change({ kind: "rename", name, to: `${QUARANTINE}${name}` });
    return true;
  }

  async emptyQuarantine(): Promise<void> {
    this.#called("emptyQuarantine");
    for (const name of [...this.names.keys()].filter((each) => each.startsWith(QUARANTINE)))
      this.#change({ kind: "unlink", name });
  }

  async syncDirectory(): Promise<void> {
    this.#called("syncDirectory");
    for (const change of this.changes.splice(0)) applyTo(this.durableNames, change);
    this.onChange();
  }

  async freeBytes(): Promise<number> {
    this.#called("freeBytes");
    return 1_000_000_000;
  }

  #write(file: StoredFile, bytes: Uint8Array): number {
    const taken = Math.min(this.#called("write") ?? bytes.length, bytes.length);
    const grown = new Uint8Array(file.length + taken);
    grown.set(file.bytes.subarray(0, file.length));
    grown.set(bytes.subarray(0, taken), file.length);
    file.bytes = grown;
    file.length = grown.length;
    this.onChange();
    return taken;
  }

  #file(name: string): StoredFile {
    const file = this.names.get(name);
    if (!file) throw systemError("ENOENT");
    return file;
  }

  #change(change: Change): void {
    this.changes.push(change);
    applyTo(this.names, change);
    this.onChange();
  }

  #called(operation: string): number | undefined {
    this.calls++;
    return this.onCall(operation);
  }
}

export function applyTo(names: Map<string, StoredFile>, change: Change): void {
  const { name } = change;
  if (change.kind === "create") {
    names.set(name, change.file);
    return;
  }
  const file = names.get(name);
  names.delete(name);
  if (file && change.kind === "rename") names.set(change.to, file);
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
