import type { Random } from "../listening/random.ts";

/** Where files that cannot be used are set aside. */
export const QUARANTINE = "quarantine/";

/** The content of a file: what programs see, and how much of it a power cut must leave. */
export class Inode {
  #bytes = new Uint8Array(256);
  length = 0;
  /** Bytes from the start that were synced. */
  syncedBytes = 0;
  /** A bit of it flipped, or it could not be read: whatever it holds, and is going to hold, may be lost. */
  isDamaged = false;
  /** Stretches that a failed sync has given up: they count as clean, and are not on the medium. */
  readonly #lost: [from: number, to: number][] = [];

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes.length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  sync(throughBytes: number): void {
    this.syncedBytes = Math.max(this.syncedBytes, throughBytes);
  }

  /** What was not synced never will be, and nobody is told again. */
  failSync(throughBytes: number): void {
    if (throughBytes > this.syncedBytes) this.#lost.push([this.syncedBytes, throughBytes]);
    this.sync(throughBytes);
  }

  /** What is certain to be there after a power cut. Not to be written to. */
  durable(): Uint8Array {
    const synced = this.bytes.subarray(0, this.syncedBytes);
    if (this.#lost.length === 0) return synced;
    const bytes = synced.slice();
    for (const [from, to] of this.#lost) bytes.fill(0, from, to);
    return bytes;
  }

  /** What is found after a power cut: all that was synced, and of the rest whatever chance leaves. */
  afterPowerCut(random: Random): Inode {
    const found = new Inode();
    found.append(this.durable());
    found.append(tornTail(this.bytes.subarray(this.syncedBytes), random));
    found.syncedBytes = found.length;
    found.isDamaged = this.isDamaged;
    return found;
  }

  flip(bit: number): void {
    this.#bytes[bit >>> 3]! ^= 1 << (bit & 7);
    this.isDamaged = true;
  }
}

/** Nothing of it, a part, all of it, zeros or junk in its place, or a later part without the one before. */
function tornTail(tail: Uint8Array, random: Random): Uint8Array {
  if (tail.length === 0) return tail;
  const cut = random.integer(0, tail.length);
  switch (random.integer(0, 5)) {
    case 0:
      return tail.subarray(0, 0);
    case 1:
      return tail.subarray(0, cut);
    case 2:
      return tail;
    case 3:
      return new Uint8Array(cut);
    case 4:
      return Uint8Array.from({ length: cut }, () => random.integer(0, 255));
    default: {
      const reordered = tail.slice();
      reordered.fill(0, 0, cut);
      return reordered;
    }
  }
}

/** A change of the directory that is not synced yet. */
type Change =
  | { readonly kind: "create"; readonly name: string; readonly inode: Inode }
  | { readonly kind: "unlink"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string };

/** Files by name, as programs see them and as a power cut would leave them. */
export class Medium {
  readonly names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  #durableChanges = 0;
  #changes: Change[] = [];

  get usedBytes(): number {
    let sum = 0;
    for (const { length } of this.names.values()) sum += length;
    return sum;
  }

  create(name: string): Inode {
    const inode = new Inode();
    this.#change({ kind: "create", name, inode });
    return inode;
  }

  unlink(name: string): void {
    this.#change({ kind: "unlink", name });
  }

  rename(name: string, to: string): void {
    this.#change({ kind: "rename", name, to });
  }

  /** Changes of the directory so far, durable ones included. */
  get changes(): number {
    return this.#durableChanges + this.#changes.length;
  }

  /** Makes the first `count` changes durable. */
  syncNames(count: number): void {
    const made = this.#changes.splice(0, Math.max(0, count - this.#durableChanges));
    this.#durableChanges += made.length;
    for (const change of made) apply(change, this.#durableNames);
  }

  /** What is found when power is back: of the changes not synced, the first few. */
  afterPowerCut(random: Random): Medium {
    const names = new Map(this.#durableNames);
    for (const change of this.#changes.slice(0, random.integer(0, this.#changes.length)))
      apply(change, names);
    const found = new Medium();
    for (const [name, inode] of names) {
      const left = inode.afterPowerCut(random);
      found.names.set(name, left);
      found.#durableNames.set(name, left);
    }
    return found;
  }

  /** The file in which `bytes` are certain to be after a power cut. The newest files are looked at first. */
  durableHolder(bytes: Buffer): Inode | undefined {
    const inodes = [...this.#durableNames.values()].toReversed();
    return inodes.find((inode) => Buffer.from(inode.durable()).includes(bytes));
  }

  /** Whether a file is damaged that is there, or may be there after a power cut, and is not set aside. */
  get isDamaged(): boolean {
    const files = [...this.names, ...this.#durableNames];
    return files.some(([name, inode]) => inode.isDamaged && !name.startsWith(QUARANTINE));
  }

  /** Whether `text` stands anywhere, in what programs see or in what a power cut could bring back. */
  holds(text: string): boolean {
    const inodes = new Set([...this.names.values(), ...this.#durableNames.values()]);
    return [...inodes].some((inode) => Buffer.from(inode.bytes).includes(text));
  }

  #change(change: Change): void {
    this.#changes.push(change);
    apply(change, this.names);
  }
}

function apply(change: Change, names: Map<string, Inode>): void {
  const { name } = change;
  if (change.kind === "create") names.set(name, change.inode);
  else {
    const inode = names.get(name);
    names.delete(name);
    if (inode && change.kind === "rename") names.set(change.to, inode);
  }
}
