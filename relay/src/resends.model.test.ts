import { command, holds } from "@tonearm/sdk/testing";
import type { Durable } from "@tonearm/sdk/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Accepted, Resends } from "./resends.ts";
import { batchOf } from "./testing/batches.ts";

const RUNS = 22_000;
const FILE = "resends.model";
const FEW = { seed: 1, numRuns: 1_000 };
const EPOCHS_MAX = 2;
const EPOCHS = ["e1", "e2", "e3"];

type Memory = Pick<Resends, "knownPrefix" | "accept" | "adopt" | "release">;

/** What was accepted last of an epoch. */
interface Recent {
  readonly epoch: string;
  readonly firstSeq: number;
  readonly count: number;
}

/** What has been accepted of each epoch, number by number, and where it went. */
class Bench {
  readonly #resends: Memory;
  readonly #accepted = new Map(EPOCHS.map((epoch) => [epoch, new Map<number, Durable>()]));
  /** As long as they must be remembered, the last touched first. */
  #recent: Recent[] = [];

  constructor(resends: Memory) {
    this.#resends = resends;
  }

  /** As the pipeline does it: what is known is answered, the rest is brought to safety. */
  receive(epoch: string, firstSeq: number, count: number, durable: Durable): void {
    const known = this.#known(epoch, firstSeq, count);
    if (known === count) return;
    const rest = { firstSeq: firstSeq + known, count: count - known };
    this.#resends.accept(batchOf("d", rest.firstSeq, rest.count, 60, epoch), durable);
    for (let seq = rest.firstSeq; seq < firstSeq + count; seq++) this.#accepted.get(epoch)!.set(seq, durable);
    this.#touch({ epoch, ...rest });
  }

  /** Another worker takes the epoch over, and later gives it back. */
  move(epoch: string, isReturned: boolean): void {
    const known: Accepted | undefined = this.#resends.release(`d ${epoch}`);
    this.#recent = this.#recent.filter((other) => other.epoch !== epoch);
    for (let seq = 1; seq < 40; seq++)
      if (this.#resends.knownPrefix(batchOf("d", seq, 1, 60, epoch)).length > 0)
        throw new Error(`${seq} of ${epoch} is still known after it was given up`);
    if (!known || !isReturned) return;
    this.#resends.adopt(`d ${epoch}`, known);
    this.#touch({ epoch, firstSeq: 1, count: 0 });
  }

  /** Sent again at once: nothing of it is written a second time. */
  resend(): void {
    for (const { epoch, firstSeq, count } of this.#recent.toReversed())
      if (count > 0 && this.#known(epoch, firstSeq, count) < count)
        throw new Error(`${firstSeq} of ${epoch} was accepted a moment ago, and is forgotten`);
  }

  #known(epoch: string, firstSeq: number, count: number): number {
    const { length, durable } = this.#resends.knownPrefix(batchOf("d", firstSeq, count, 60, epoch));
    if (length > count) throw new Error(`${length} numbers of ${count} are known`);
    const accepted = this.#accepted.get(epoch)!;
    for (let seq = firstSeq; seq < firstSeq + length; seq++) {
      const where = accepted.get(seq);
      if (!where) throw new Error(`${seq} of ${epoch} passes for accepted`);
      if (where === "spool" && durable !== "spool")
        throw new Error(`${seq} of ${epoch} is only in the spool`);
    }
    // Asking for an epoch is touching it.
    const found = this.#recent.find((other) => other.epoch === epoch);
    if (found) this.#touch(found);
    return length;
  }

  #touch(recent: Recent): void {
    const others = this.#recent.filter(({ epoch }) => epoch !== recent.epoch);
    this.#recent = [recent, ...others].slice(0, EPOCHS_MAX);
  }
}

const doing = command<Bench>;
const { integer, constantFrom, tuple, constant } = fc;
const receives = tuple(
  constantFrom(...EPOCHS),
  integer({ min: 1, max: 30 }),
  integer({ min: 1, max: 8 }),
  constantFrom<Durable>("stream", "stream", "spool"),
).map(([epoch, firstSeq, count, durable]) =>
  doing(`receive(${[epoch, firstSeq, count, durable]})`, (bench) =>
    bench.receive(epoch, firstSeq, count, durable),
  ),
);
const commands = [
  receives,
  receives,
  receives,
  constant(doing("resend()", (bench) => bench.resend())),
  tuple(constantFrom(...EPOCHS), fc.boolean()).map(([epoch, isReturned]) =>
    doing(`move(${[epoch, isReturned]})`, (bench) => bench.move(epoch, isReturned)),
  ),
];

const lives = (make: () => Memory) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands: 30, size: "max" }), async (course) => {
    await fc.asyncModelRun(() => ({ model: new Bench(make()), real: undefined }), course);
  });

describe("what a relay remembers of epochs", () => {
  it("knows a resend, and takes nothing for accepted that was not", { timeout: 600_000 }, async () => {
    const real = lives(() => new Resends(EPOCHS_MAX));
    expect(await holds(real, RUNS, FILE)).toBeGreaterThan(0);
  });

  it.each<[string, (resends: Resends) => Partial<Memory>]>([
    [
      "one number too many is known",
      (resends) => ({
        knownPrefix: (batch) => {
          const { length, durable } = resends.knownPrefix(batch);
          return { length: Math.min(length + 1, batch.records.ends.length), durable };
        },
      }),
    ],
    ["nothing is remembered", () => ({ accept: () => undefined })],
    [
      "what is in the spool passes for in the stream",
      (resends) => ({ accept: (batch) => resends.accept(batch, "stream") }),
    ],
    [
      "a gap is covered",
      (resends) => ({
        accept: (batch, durable) => {
          const length = batch.firstSeq + batch.records.ends.length - 1;
          resends.accept(batchOf("d", 1, length, 60, batch.epoch), durable);
        },
      }),
    ],
    [
      "what is given up is still known",
      (resends) => ({
        release: (key) => {
          const known = resends.release(key);
          if (known) resends.adopt(key, known);
          return known;
        },
      }),
    ],
    [
      "epochs are mixed up",
      (resends) => ({
        accept: (batch, durable) => resends.accept({ ...batch, epoch: "e1" }, durable),
        knownPrefix: (batch) => resends.knownPrefix({ ...batch, epoch: "e1" }),
      }),
    ],
  ])("finds it when %s (control)", async (_, change) => {
    const broken = lives(() => {
      const resends = new Resends(EPOCHS_MAX);
      return {
        knownPrefix: (batch) => resends.knownPrefix(batch),
        accept: (batch, durable) => resends.accept(batch, durable),
        adopt: (key, accepted) => resends.adopt(key, accepted),
        release: (key) => resends.release(key),
        ...change(resends),
      };
    });
    expect((await fc.check(broken, FEW)).failed).toBe(true);
  });
});
