/**
 * Whose batches of this process are in the spool: their newer ones queue behind them. Memory grows with the number of devices,
 * not of batches; so what damage took is known by what is left over when the spool has been read to its end.
 */
export class Residents {
  /** Batches on their way in, by device, and batches inside. */
  readonly #arriving = new Map<string, number>();
  readonly #inside = new Map<string, number>();
  /** Who waits for the last batch of a device to leave. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #batches = 0;
  #events = 0;

  has(device: string): boolean {
    return this.#inside.has(device) || this.#arriving.has(device);
  }

  /** A batch is on its way in. */
  arrive(device: string): void {
    add(this.#arriving, device, 1);
  }

  /** It got in, or it did not. */
  settle(device: string, events: number, gotIn: boolean): void {
    add(this.#arriving, device, -1);
    if (gotIn) {
      add(this.#inside, device, 1);
      this.#batches++;
      this.#events += events;
    } else this.#wake(device);
  }

  /** A batch has left. */
  leave(device: string, events: number): void {
    add(this.#inside, device, -1);
    this.#batches--;
    this.#events -= events;
    this.#wake(device);
  }

  /** Nothing is inside, whatever was thought: returns how much was. */
  clear(): { readonly batches: number; readonly events: number } {
    const lost = { batches: this.#batches, events: this.#events };
    const devices = [...this.#inside.keys()];
    this.#inside.clear();
    this.#batches = 0;
    this.#events = 0;
    for (const device of devices) this.#wake(device);
    return lost;
  }

  /** Resolves when nothing of `device` is here. */
  untilGone(device: string): Promise<void> {
    if (!this.has(device)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(device, [...(this.#waiting.get(device) ?? []), resolve]);
    });
  }

  #wake(device: string): void {
    if (this.has(device)) return;
    for (const wake of this.#waiting.get(device) ?? []) wake();
    this.#waiting.delete(device);
  }
}

function add(counts: Map<string, number>, device: string, by: number): void {
  const count = (counts.get(device) ?? 0) + by;
  if (count > 0) counts.set(device, count);
  else counts.delete(device);
}
