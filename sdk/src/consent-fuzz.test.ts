import { expect, it } from "vitest";
import type { ConsentState } from "./consent.ts";
import { instance, undeclared } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, type ReceivedEvent, readRun, unreachable } from "./testing/scripted-transport.ts";

/** More of them: `TONEARM_SEEDS=2000 pnpm exec vitest run consent-fuzz`. */
const SEEDS = Number(process.env.TONEARM_SEEDS ?? 60);
const STATES: readonly ConsentState[] = ["granted", "pending", "denied"];

/** Chance from a seed: a linear congruence is enough to shuffle what happens. */
function chance(seed: number): (below: number) => number {
  let state = seed * 7_919 + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** The lives of one device: events, changes of consent, outages, crashes, ends, as they come. */
class Lives {
  readonly received: ReceivedEvent[] = [];
  /** Of each epoch, how much of it was durable. */
  readonly durable = new Map<string, number>();
  /** Events that were sent after they were denied. */
  readonly denied: number[] = [];
  readonly #draw: (below: number) => number;
  #disk = new MemoryDisk();
  #life!: ReturnType<typeof instance>;
  #seed: number;
  #events = 0;
  /** Events with a lower number were denied, and must be neither sent nor found any more. */
  #deniedBefore = 0;
  #up = true;

  constructor(seed: number) {
    this.#seed = seed * 100;
    this.#draw = chance(seed);
    this.#begin("granted");
  }

  #begin(consent: ConsentState): void {
    this.#life = instance(
      this.#disk,
      { consent, segmentBytes: 16_384, bufferBytesMax: 65_536 },
      ++this.#seed,
    );
    // Whoever says no at the start says it of everything that is there.
    if (consent === "denied") this.#deniedBefore = this.#events;
    const life = this.#life;
    // What a dead process believes afterwards counts for nothing.
    life.telemetry.on("durable", ({ epoch, throughSeq }) => {
      if (life === this.#life) this.durable.set(epoch, throughSeq);
    });
    life.transport.answer = (run) => {
      if (life !== this.#life) return unreachable();
      for (const { type, data } of readRun(run)) {
        if (type === "tick" && (data.n as number) < this.#deniedBefore) this.denied.push(data.n as number);
      }
      return this.#up ? accept(run) : unreachable();
    };
  }

  #over(): void {
    this.received.push(...this.#life.transport.received);
  }

  #crash(): void {
    // What had not been removed yet may be there again, and its owner is asked anew.
    this.#deniedBefore = 0;
    this.#over();
    this.#disk = this.#draw(2) === 0 ? this.#disk.powerCut() : this.#disk.processKill();
    this.#begin(STATES[this.#draw(3)]!);
  }

  async step(): Promise<void> {
    const { telemetry, clock } = this.#life;
    switch (this.#draw(8)) {
      case 0:
      case 1:
      case 2: {
        for (let i = this.#draw(120); i > 0; i--) {
          const text = `canary-${"x".repeat(this.#draw(300))}`;
          telemetry.record("tick", { n: this.#events++, text });
        }
        return;
      }
      case 3:
        return clock.advance(this.#draw(8_000));
      case 4: {
        const consent = STATES[this.#draw(3)]!;
        if (consent === "denied") this.#deniedBefore = this.#events;
        const changed = telemetry.setConsent(consent);
        if (this.#draw(2) === 0) {
          // Goes on somewhere in the middle of it.
          for (let i = this.#draw(300); i > 0; i--) await Promise.resolve();
          return this.#draw(2) === 0 ? this.#crash() : undefined;
        }
        expect(await changed).toEqual({ complete: true });
        if (consent === "denied") expect(this.#disk.holds("canary-")).toBe(false);
        return;
      }
      case 5:
        this.#up = this.#draw(3) > 0;
        return;
      case 6:
        return this.#crash();
      default: {
        const closed = telemetry.close({ timeoutMs: 500 });
        await clock.advance(1_000);
        await closed;
        this.#over();
        return this.#begin(STATES[this.#draw(3)]!);
      }
    }
  }

  /** Brings everything home. */
  async end(): Promise<void> {
    this.#up = true;
    const { telemetry, clock } = this.#life;
    void telemetry.setConsent("granted");
    await clock.advance(120_000);
    const closed = telemetry.close({ timeoutMs: 200_000 });
    await clock.advance(400_000);
    expect(await closed).toMatchObject({ delivered: true, pendingEvents: 0 });
    this.#over();
  }
}

it(`whatever happens to ${SEEDS} devices and their consent, nothing denied is sent, and every number is accounted for`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const lives = new Lives(seed);
    for (let i = 0; i < 40; i++) await lives.step();
    await lives.end();
    expect([seed, lives.denied]).toEqual([seed, []]);
    const ends = new Map<unknown, number>();
    for (const { type, epoch, data } of lives.received) {
      if (type === "$open") ends.set(data.previous_epoch, data.previous_last_seq as number);
      if (type === "$close") ends.set(epoch, data.last_seq as number);
    }
    // Every epoch of which anything was durable is named, with an end that is not before it, and complete up to there.
    for (const [epoch, durable] of lives.durable) {
      const end = ends.get(epoch) ?? 0;
      const missing = undeclared(lives.received, epoch).filter((seq) => seq <= end);
      expect([seed, epoch, end >= durable, missing]).toEqual([seed, epoch, true, []]);
    }
  }
}, 120_000);
