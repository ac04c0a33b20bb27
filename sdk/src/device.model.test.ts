import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Store } from "./store.ts";
import { command } from "./testing/command.ts";
import { DeviceBench, type Meddling, type RelayMode } from "./testing/device-bench.ts";
import { meddledStore } from "./testing/meddle.ts";
import { holds } from "./testing/model-runs.ts";
import { accept } from "./testing/scripted-transport.ts";

const RUNS = 1_000;

/** Done to a device. */
const doing = command<DeviceBench>;
const { integer, constantFrom, tuple } = fc;

const records = tuple(
  integer({ min: 1, max: 12 }),
  constantFrom(0, 60, 200),
  constantFrom("critical" as const, "normal" as const, "bulk" as const),
).map(([count, size, priority]) =>
  doing(`record(${[count, size, priority]})`, (device) => device.record(count, size, priority)),
);
const waits = constantFrom(50, 1_100, 1_100, 6_000, 70_000).map((ms) =>
  doing(`wait(${ms})`, (device) => device.wait(ms)),
);
const modes = constantFrom<RelayMode>("takes", "takes half", "answer lost", "away", "away").map((mode) =>
  doing(`relay = ${mode}`, (device) => {
    device.relay = mode;
  }),
);
const commands = [
  records,
  records,
  records,
  waits,
  waits,
  waits,
  modes,
  fc.constant(doing("flush()", (device) => device.flush())),
  fc.constant(doing("purge()", (device) => device.purge())),
  fc.constant(doing("restart()", (device) => device.restart())),
  fc.constant(doing("kill()", (device) => device.kill())),
  fc.constant(doing("cutPower()", (device) => device.cutPower())),
];

const lives = (meddling?: Meddling) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands: 24, size: "max" }), async (life) => {
    const device = new DeviceBench(meddling);
    await fc.asyncModelRun(() => ({ model: device, real: undefined }), life);
    await device.drain();
  });

const FILE = "device.model";
/** Runs in which a planted bug must show itself. */
const FEW = { seed: 1, numRuns: 200, endOnFailure: true };

describe("a device in front of a relay, in processes that die", () => {
  it("sends in order what it recorded, forgets what arrived, and declares the rest", {
    timeout: 600_000,
  }, async () => {
    expect(await holds(lives(), RUNS, FILE)).toBeGreaterThan(0);
  });

  it.each<[string, (log: Store) => Partial<Store>]>([
    [
      "one too many is acknowledged",
      (log) => ({ acknowledge: (epoch, through) => log.acknowledge(epoch, through + 1) }),
    ],
    [
      "an eviction declares less than it takes",
      (log) => ({
        planEviction: async (...excess) => {
          const eviction = await log.planEviction(...excess);
          return eviction && { ...eviction, ranges: eviction.ranges.slice(1) };
        },
      }),
    ],
    [
      "a purge takes nothing",
      (log) => ({ planPurge: async () => ({ ...(await log.planPurge()), apply: async () => true }) }),
    ],
    [
      "what was not stored is called durable",
      (log) => ({
        append: (entries) =>
          entries.at(-1)!.seq % 5 === 0 ? Promise.resolve({ ok: true }) : log.append(entries),
      }),
    ],
    [
      "the newest is shown first",
      (log) => ({
        read: async (limit) => {
          const run = await log.read(limit);
          return (
            run && { ...run, firstSeq: run.firstSeq + run.events.length - 1, events: run.events.slice(-1) }
          );
        },
      }),
    ],
  ])("finds it when %s (control)", async (_, change) => {
    const store = (log: Store) => meddledStore(log, change(log));
    expect((await fc.check(lives({ store }), FEW)).failed).toBe(true);
  });

  it("finds it when a request counts as accepted because it was sent (control)", async () => {
    expect((await fc.check(lives({ answer: (run) => accept(run) }), FEW)).failed).toBe(true);
  });
});
