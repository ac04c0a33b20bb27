import type { Disk, DiskFile } from "@tonearm/sdk/file-log";
import type { Random } from "../listening/random.ts";
import type { Process } from "./machine.ts";
import { type Inode, Medium, QUARANTINE } from "./medium.ts";

/** How a disk behaves. All of it may change at any moment. */
export interface DiskState {
  /** How long a sync takes, on average, in ms. */
  syncMs: number;
  /** Bytes that others have left on it. */
  freeBytes: number;
  /** Share of calls that fail with EIO. */
  failingShare: number;
  /** Share of calls that fail with EMFILE: nothing is wrong with the disk. */
  shortageShare: number;
}

const HEALTHY: DiskState = {
  syncMs: 4,
  freeBytes: 1_000_000_000,
  failingShare: 0,
  shortageShare: 0,
};

const QUARANTINE_FILES_MAX = 8;
/** What reading and writing take, in ms. */
const CALL_MS = 0.05;

/** The disk of a machine: what is written to it outlives processes, and what is synced outlives power cuts. */
export class DiskHost {
  medium = new Medium();
  readonly state: DiskState = { ...HEALTHY };
  /** Told of a file of which a bit flipped, or that could not be read: not even what was synced is sure to come back. */
  onDamage: (inode: Inode) => void = () => undefined;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Ends every trouble. */
  heal(): void {
    Object.assign(this.state, HEALTHY);
  }

  /** The power is cut: what was not synced is whatever chance leaves of it. */
  cutPower(): void {
    this.medium = this.medium.afterPowerCut(this.#random);
  }

  /** Flips one bit of one file, if there is any; returns where. */
  rot(): string | undefined {
    const files = [...this.medium.names].filter(([, { length }]) => length > 0);
    if (files.length === 0) return undefined;
    const [name, inode] = this.#random.pick(files);
    const bit = this.#random.integer(0, inode.length * 8 - 1);
    // What it held is told before it changes.
    this.onDamage(inode);
    inode.flip(bit);
    return `${name} bit ${bit}`;
  }

  /** The disk as a process has it, until it dies. */
  open(process: Process): Disk {
    const { medium } = this;
    const call = <T>(finish: () => T) =>
      process.later(CALL_MS, () => {
        this.#mayFail();
        return finish();
      });
    const read = <T>(name: string, finish: (inode: Inode) => T) =>
      process.later(CALL_MS, () => {
        const inode = find(medium, name);
        this.#mayFail(() => {
          this.onDamage(inode);
          inode.isDamaged = true;
        });
        return finish(inode);
      });
    return {
      list: () => call(() => [...medium.names.keys()].filter((name) => !name.startsWith(QUARANTINE))),
      size: (name) => read(name, ({ length }) => length),
      read: (name, offset, length) => read(name, ({ bytes }) => bytes.slice(offset, offset + length)),
      create: (name) => this.#create(process, medium, name),
      syncFile: async (name) => this.#sync(process, find(medium, name)),
      unlink: (name) => call(() => this.#remove(medium, name)),
      quarantine: (name) => call(() => quarantine(medium, name)),
      emptyQuarantine: () =>
        call(() => {
          for (const kept of quarantined(medium)) this.#remove(medium, kept);
        }),
      syncDirectory: () => {
        const { changes } = medium;
        const isFailing = this.#random.chance(this.state.failingShare);
        return process.later(this.#syncMs(), () => {
          if (isFailing) throw systemError("EIO");
          medium.syncNames(changes);
        });
      },
      freeBytes: () => call(() => this.state.freeBytes),
    };
  }

  /** What a file took is free again. */
  #remove(medium: Medium, name: string): void {
    this.state.freeBytes += find(medium, name).length;
    medium.unlink(name);
  }

  async #create(process: Process, medium: Medium, name: string): Promise<DiskFile> {
    const inode = await process.later(CALL_MS, () => {
      this.#mayFail();
      if (medium.names.has(name)) throw systemError("EEXIST");
      // A directory that has to grow finds no room for it; one that has not, does.
      if (this.state.freeBytes === 0 && this.#random.chance(0.5)) throw systemError("ENOSPC");
      return medium.create(name);
    });
    return {
      write: (bytes) => this.#write(process, inode, bytes),
      sync: () => this.#sync(process, inode),
      close: () => process.later(0, () => undefined),
    };
  }

  /** What is written can be seen at once, and by whoever comes after this process. */
  #write(process: Process, inode: Inode, bytes: Uint8Array): Promise<number> {
    const { state } = this;
    const isFailing = this.#random.chance(state.failingShare);
    const most = Math.min(bytes.length, state.freeBytes);
    const taken = isFailing ? this.#random.integer(0, most) : most;
    inode.append(bytes.subarray(0, taken));
    state.freeBytes -= taken;
    return process.later(CALL_MS, () => {
      if (isFailing) throw systemError("EIO");
      if (taken === 0 && bytes.length > 0) throw systemError("ENOSPC");
      return taken;
    });
  }

  #sync(process: Process, inode: Inode): Promise<void> {
    const { length } = inode;
    const isFailing = this.#random.chance(this.state.failingShare);
    return process.later(this.#syncMs(), () => {
      if (!isFailing) return inode.sync(length);
      inode.failSync(length);
      throw systemError("EIO");
    });
  }

  #syncMs(): number {
    return this.#random.exponential(this.state.syncMs);
  }

  /**
   * @param onFailure called when the disk, and not the process, is to blame.
   * @throws the system's error, as often as the disk's state says.
   */
  #mayFail(onFailure: () => void = () => undefined): void {
    const { failingShare, shortageShare } = this.state;
    if (failingShare > 0 && this.#random.chance(failingShare)) {
      onFailure();
      throw systemError("EIO");
    }
    if (shortageShare > 0 && this.#random.chance(shortageShare)) throw systemError("EMFILE");
  }
}

function find(medium: Medium, name: string): Inode {
  const inode = medium.names.get(name);
  if (!inode) throw systemError("ENOENT");
  return inode;
}

const quarantined = (medium: Medium): string[] =>
  [...medium.names.keys()].filter((name) => name.startsWith(QUARANTINE)).toSorted();

function quarantine(medium: Medium, name: string): boolean {
  find(medium, name);
  const kept = quarantined(medium);
  for (const old of kept.slice(0, Math.max(0, kept.length + 1 - QUARANTINE_FILES_MAX))) medium.unlink(old);
  medium.rename(name, `${QUARANTINE}${name}`);
  return true;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
