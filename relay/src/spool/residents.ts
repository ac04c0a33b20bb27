interface Resident {
  readonly device: string;
  readonly events: number;
}

/** Whose batches of this process are in the spool: their newer ones queue behind them, and what damage takes is counted. */
export class Residents {
  /** In the order of their numbers. */
  readonly #batches = new Map<number, Resident>();
  readonly #devices = new Map<string, number>();
  /** Who waits for the last batch of a device to leave. */
  readonly #waiting = new Map<string, (() => void)[]>();

  has(device: string): boolean {
    return this.#devices.has(device);
  }

  /** A batch is on its way in. */
  arrive(device: string): void {
    this.#devices.set(device, (this.#devices.get(device) ?? 0) + 1);
  }

  /** It did not get in. */
  leave(device: string): void {
    const left = (this.#devices.get(device) ?? 0) - 1;
    if (left > 0) this.#devices.set(device, left);
    else {
      this.#devices.delete(device);
      for (const wake of this.#waiting.get(device) ?? []) wake();
      this.#waiting.delete(device);
    }
  }

  /** Resolves when nothing of `device` is here. */
  untilGone(device: string): Promise<void> {
    if (!this.has(device)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(device, [...(this.#waiting.get(device) ?? []), resolve]);
    });
  }

  /** It got in, with this number. */
  settle(seq: number, device: string, events: number): void {
    this.#batches.set(seq, { device, events });
  }

  /** Everything up to a number is gone; returns how much that was. */
  takeThrough(seq: number): { readonly batches: number; readonly events: number } {
    let batches = 0;
    let events = 0;
    for (const [at, resident] of this.#batches) {
      if (at > seq) break;
      this.#batches.delete(at);
      this.leave(resident.device);
      batches++;
      events += resident.events;
    }
    return { batches, events };
  }
}
