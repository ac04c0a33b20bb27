import type { Cancel, Clock } from "../clock.ts";

/** A clock that only moves when told to, with chance from a counter: every run is the same. */
export class ManualClock implements Clock {
  wall = 1_763_840_940_000;
  now = 0;
  /** The longest delay that was asked for. */
  longestMs = 0;
  #timers: { at: number; callback: () => void }[] = [];
  #drawn: number;

  constructor(seed = 1) {
    this.#drawn = seed;
  }

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(delayMs: number, callback: () => void): Cancel {
    this.longestMs = Math.max(this.longestMs, delayMs);
    const timer = { at: this.now + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  fraction(): number {
    this.#drawn = (this.#drawn * 16_807 + 11) % 2_147_483_647;
    return this.#drawn / 2_147_483_647;
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.fraction() * 256));
  }

  /** Lets everything that needs no time happen. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Moves time on, firing timers in their order. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.wall += next.at - this.now;
      this.now = Math.max(this.now, next.at);
      next.callback();
      await this.settle();
    }
    this.wall += end - this.now;
    this.now = end;
  }

  get timers(): number {
    return this.#timers.length;
  }
}
