import type { Cancel, Clock } from "../clock.ts";
import type { Disk, DiskFile } from "../file-log/disk.ts";
import type { Wear } from "../ports.ts";

const DAY_MS = 86_400_000;
const PAGE_BYTES = 4_096;
/**
 * What a sync costs beside the pages of what was written: the file system's journal, inode and maps, and the page that is
 * written again because the last commit ended in it. Measured on ext4 with `pnpm bench:wear`, rows `commit`, two runs: the
 * device takes 30 to 33 KB for a commit of 4,096 bytes, 47 to 48 for 16,384, 111 to 112 for 65,536, 194 to 198 for 131,072.
 * With this constant they are taken for 33, 51, 117 and 205, the syncs of new segment files counted in. A commit of 512 bytes
 * costs 18 KB and is taken for 33: small commits are overrated, and the budget is kept all the more.
 */
const SYNC_COST_BYTES = 28_672;

const pagesOf = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

/** Tells when the process is about to end of its own accord. */
export type OnExit = (callback: () => void) => Cancel;

const onBeforeExit: OnExit = (callback) => {
  process.once("beforeExit", callback);
  return () => process.off("beforeExit", callback);
};

/**
 * Keeps writing within so many bytes in any 24 hours, by the monotonic clock. An hour's share may be spent at once; the rest comes
 * back steadily. What has to be written all the same, for `flush` or a buffer that fills, is a debt of at most a day's
 * budget, paid back before anything else.
 */
export class WearBudget implements Wear {
  readonly #clock: Clock;
  readonly #onExit: OnExit;
  readonly #bytesPerDay: number;
  readonly #burstBytes: number;
  #bytes: number;
  #atMs: number;

  constructor(bytesPerDay: number, clock: Clock, onExit: OnExit = onBeforeExit) {
    this.#clock = clock;
    this.#onExit = onExit;
    this.#bytesPerDay = bytesPerDay;
    this.#burstBytes = bytesPerDay / 24;
    this.#bytes = this.#burstBytes;
    this.#atMs = clock.monotonicMs();
  }

  wait(bytes: number, callback: () => void): Cancel | undefined {
    this.#refill();
    // A commit dearer than a full purse is made with a full one, and leaves a debt.
    const cost = Math.min(SYNC_COST_BYTES + pagesOf(bytes), this.#burstBytes);
    if (this.#bytes >= cost) return undefined;
    // It does not hold the process: when nothing else does, `onExit` comes first.
    const cancelTimer = this.#clock.after((cost - this.#bytes) / this.#bytesPerMs, callback);
    const cancelExit = this.#onExit(callback);
    return () => {
      cancelTimer();
      cancelExit();
    };
  }

  /** A sync of so many bytes is on the medium. */
  spend(bytes: number): void {
    this.#refill();
    this.#bytes = Math.max(-this.#bytesPerDay, this.#bytes - SYNC_COST_BYTES - pagesOf(bytes));
  }

  /** The same disk; what it writes is counted. */
  meter(disk: Disk): Disk {
    return new MeteredDisk(disk, this);
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#bytes = Math.min(this.#burstBytes, this.#bytes + (nowMs - this.#atMs) * this.#bytesPerMs);
    this.#atMs = nowMs;
  }

  get #bytesPerMs(): number {
    return (this.#bytesPerDay - this.#burstBytes) / DAY_MS;
  }
}

class MeteredDisk implements Disk {
  readonly #disk: Disk;
  readonly #budget: WearBudget;

  constructor(disk: Disk, budget: WearBudget) {
    this.#disk = disk;
    this.#budget = budget;
  }

  list(): Promise<string[]> {
    return this.#disk.list();
  }

  size(name: string): Promise<number> {
    return this.#disk.size(name);
  }

  read(name: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#disk.read(name, offset, length);
  }

  async create(name: string): Promise<DiskFile> {
    const file = await this.#disk.create(name);
    let unsyncedBytes = 0;
    return {
      write: (bytes) => {
        unsyncedBytes += bytes.length;
        return file.write(bytes);
      },
      sync: () => {
        this.#budget.spend(unsyncedBytes);
        unsyncedBytes = 0;
        return file.sync();
      },
      close: () => file.close(),
    };
  }

  syncFile(name: string): Promise<void> {
    this.#budget.spend(0);
    return this.#disk.syncFile(name);
  }

  unlink(name: string): Promise<void> {
    return this.#disk.unlink(name);
  }

  quarantine(name: string): Promise<boolean> {
    return this.#disk.quarantine(name);
  }

  emptyQuarantine(): Promise<void> {
    return this.#disk.emptyQuarantine();
  }

  syncDirectory(): Promise<void> {
    this.#budget.spend(0);
    return this.#disk.syncDirectory();
  }

  freeBytes(): Promise<number> {
    return this.#disk.freeBytes();
  }
}
