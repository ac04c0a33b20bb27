import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Eviction, Priority, Run, Store } from "../store.ts";
import { command } from "../testing/command.ts";
import { LogBench, type MakeLog, smallLogOn } from "../testing/log-bench.ts";
import { type MakeLogOn, runSchedule } from "../testing/log-schedule.ts";
import { lyingDisk, meddledStore } from "../testing/meddle.ts";
import type { Fault } from "../testing/memory-disk.ts";
import { holds } from "../testing/model-runs.ts";

const RUNS = 30_000;
const SCHEDULES = 7_000;

/** Done to a bench. */
const doing = command<LogBench>;

const { integer, constantFrom, tuple } = fc;
const limit = fc.record({
  eventsMax: integer({ min: 1, max: 8 }),
  bytesMax: integer({ min: 1, max: 400 }),
  gapMax: integer({ min: 0, max: 3 }),
});
const appends = tuple(
  integer({ min: 1, max: 4 }),
  constantFrom(0, 0, 1, 2),
  integer({ min: 0, max: 3 }),
  constantFrom(0, 60, 200),
).map(([count, gap, priority, size]) =>
  doing(`append(${[count, gap, priority, size]})`, (bench) =>
    bench.append(count, gap, priority as Priority, size),
  ),
);
const fault = fc.record({
  operation: constantFrom("write", "sync", "create", "syncDirectory", "unlink", "close"),
  code: constantFrom("EIO", "ENOSPC", "EMFILE"),
  after: integer({ min: 0, max: 3 }),
  times: integer({ min: 1, max: 4 }),
  shortBytes: fc.option(integer({ min: 0, max: 40 }), { nil: undefined }),
});
const commands = [
  appends,
  appends,
  appends,
  limit.map((wanted) => doing(`read(${JSON.stringify(wanted)})`, (bench) => bench.read(wanted))),
  limit.map((wanted) => doing(`read(${JSON.stringify(wanted)})`, (bench) => bench.read(wanted))),
  constantFrom(0.3, 1, 1).map((part) => doing(`acknowledge(${part})`, (bench) => bench.acknowledge(part))),
  constantFrom(0.3, 1, 1).map((part) => doing(`acknowledge(${part})`, (bench) => bench.acknowledge(part))),
  fc.constant(doing("evict()", (bench) => bench.evict())),
  fc.constant(doing("purge()", (bench) => bench.purge())),
  fc.constant(doing("restart()", (bench) => bench.restart())),
  fc.constant(doing("kill()", (bench) => bench.kill())),
  tuple(constantFrom(0, 0.5, 1), constantFrom(0, 3, 40)).map(([kept, junk]) =>
    doing(`cutPower(${[kept, junk]})`, (bench) => bench.cutPower(kept, new Uint8Array(junk).fill(0x5a))),
  ),
  fault.map(({ shortBytes, ...rest }) => {
    const given: Fault =
      shortBytes === undefined || rest.operation !== "write" ? rest : { ...rest, shortBytes };
    return doing(`fail(${JSON.stringify(given)})`, (bench) => bench.fail(given));
  }),
];

const lives = (make: MakeLog) =>
  fc.asyncProperty(fc.commands(commands, { maxCommands: 24, size: "max" }), async (life) => {
    const bench = new LogBench(make);
    await bench.open();
    await fc.asyncModelRun(() => ({ model: bench, real: undefined }), life);
    await bench.restart();
    await bench.drain();
  });

const FILE = "file-log.model";
/** Runs in which a planted bug must show itself. */
const FEW = { seed: 1, numRuns: 1_000 };

describe("a log on a disk that fails, in processes that die", () => {
  it("shows what it called durable, in order, until it is acknowledged, given up or purged", {
    timeout: 600_000,
  }, async () => {
    expect(await holds(lives(smallLogOn), RUNS, FILE)).toBeGreaterThan(0);
  });

  it.each<[string, (log: Store) => Partial<Store>]>([
    [
      "one too many is acknowledged",
      (log) => ({ acknowledge: (epoch, through) => log.acknowledge(epoch, through + 1) }),
    ],
    ["an acknowledgement does nothing", () => ({ acknowledge: async () => undefined })],
    [
      "what is shown is forgotten",
      (log) => ({ read: async (wanted) => forgetting(log, await log.read(wanted)) }),
    ],
    [
      "a run is longer than is wanted",
      (log) => ({ read: (wanted) => log.read({ ...wanted, bytesMax: 1_000 }) }),
    ],
    ["a run goes on behind any hole", (log) => ({ read: (wanted) => log.read({ ...wanted, gapMax: 9 }) })],
    ["a run ends at every hole", (log) => ({ read: (wanted) => log.read({ ...wanted, gapMax: 0 }) })],
    [
      "what failed is called stored",
      (log) => ({ append: (entries) => log.append(entries).then(() => ({ ok: true })) }),
    ],
    [
      "an eviction declares less than it takes",
      (log) => ({ planEviction: async (...excess) => less(await log.planEviction(...excess)) }),
    ],
    [
      "a purge takes nothing",
      (log) => ({ planPurge: async () => ({ ...(await log.planPurge()), apply: async () => true }) }),
    ],
    [
      "a purge declares nothing",
      (log) => ({ planPurge: async () => ({ ...(await log.planPurge()), ranges: [] }) }),
    ],
    [
      "the end of the epoch before is not named",
      (log) => ({ open: (...names) => log.open(...names).then(() => ({ previous: undefined })) }),
    ],
  ])("finds it when %s (control)", async (_, change) => {
    const broken: MakeLog = (disk, onDamage) => {
      const log = smallLogOn(disk, onDamage);
      return meddledStore(log, change(log));
    };
    expect((await fc.check(lives(broken), FEW)).failed).toBe(true);
  });

  it.each(["sync", "syncDirectory"] as const)("finds it when %s does nothing (control)", async (call) => {
    const broken: MakeLog = (disk, onDamage) => smallLogOn(lyingDisk(disk, call), onDamage);
    expect((await fc.check(lives(broken), FEW)).failed).toBe(true);
  });
});

describe("a log that several callers use at once", () => {
  const schedules = (make?: MakeLogOn) =>
    fc.asyncProperty(fc.scheduler(), integer({ min: 0, max: 30 }), (scheduler, steps) =>
      runSchedule(scheduler, steps, make),
    );

  it("keeps everything that it called durable, whenever the power goes", { timeout: 600_000 }, async () => {
    expect(await holds(schedules(), SCHEDULES, FILE, `${FILE}.schedules`)).toBeGreaterThan(0);
  });

  it("finds it when an append resolves before its sync (control)", async () => {
    const early: MakeLogOn = (disk) => {
      const log = smallLogOn(disk, () => undefined);
      const append: Store["append"] = (entries) => {
        void log.append(entries);
        return Promise.resolve({ ok: true });
      };
      return meddledStore(log, { append });
    };
    expect((await fc.check(schedules(early), FEW)).failed).toBe(true);
  });

  it("finds it when an eviction gives up what it likes (control)", async () => {
    const greedy: MakeLogOn = (disk) => {
      const log = smallLogOn(disk, () => undefined);
      return meddledStore(log, {
        planEviction: async (...excess) => less(await log.planEviction(...excess)),
      });
    };
    expect((await fc.check(schedules(greedy), FEW)).failed).toBe(true);
  });

  it("finds it when a sync does nothing (control)", async () => {
    const lying: MakeLogOn = (disk) => smallLogOn(lyingDisk(disk, "sync"), () => undefined);
    expect((await fc.check(schedules(lying), FEW)).failed).toBe(true);
  });
});

function less(eviction: Eviction | undefined): Eviction | undefined {
  return eviction && { ...eviction, ranges: eviction.ranges.slice(1) };
}

async function forgetting(log: Store, run: Run | undefined): Promise<Run | undefined> {
  if (run) await log.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
  return run;
}
