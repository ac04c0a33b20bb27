import type { Clock } from "./clock.ts";

interface Waiter {
  readonly seq: number;
  finish(reached: boolean): void;
}

/** A number that only rises, and can be waited for. */
export class Watermark {
  readonly #clock: Clock;
  #value = 0;
  #waiters: Waiter[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get hasWaiters(): boolean {
    return this.#waiters.length > 0;
  }

  raise(value: number): void {
    this.#value = Math.max(this.#value, value);
    for (const waiter of this.#waiters.slice()) if (waiter.seq <= this.#value) waiter.finish(true);
  }

  /** Resolves to whether the mark reached `seq`, at the latest after `timeoutMs`. */
  reaches(seq: number, timeoutMs: number): Promise<boolean> {
    if (this.#value >= seq || timeoutMs <= 0) return Promise.resolve(this.#value >= seq);
    return new Promise((resolve) => {
      const finish = (reached: boolean) => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        cancel();
        resolve(reached);
      };
      const waiter = { seq, finish };
      const cancel = this.#clock.after(timeoutMs, () => finish(false), true);
      this.#waiters.push(waiter);
    });
  }
}
