import { ManualClock } from "./manual-clock.ts";

/** A manual clock for tests that run a hundred thousand times: where no real I/O is waited for, one turn settles everything. */
export class QuickClock extends ManualClock {
  override async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Large ones, a reserve on the disk among them, need not be random. */
  override randomBytes(count: number): Uint8Array {
    return count > 1_000 ? new Uint8Array(count).fill(7) : super.randomBytes(count);
  }
}
