import type { Entry, Store } from "@tonearm/sdk/file-log";
import { command, holds, lyingDisk, meddledStore, QuickClock } from "@tonearm/sdk/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MakeSpoolLog, quickLog, SpoolBench } from "../testing/spool-bench.ts";
import { type MakeSpoolLogOn, runSpoolSchedule } from "../testing/spool-schedule.ts";
import { fileLog } from "../testing/spools.ts";

const RUNS = 6_000;
const SCHEDULES = 2_500;
const FILE = "spool.model";
const FEW = { seed: 1, numRuns: 1_000 };

/** Done to a bench. */
const doing = command<SpoolBench>;

const { integer, constantFrom, tuple, constant } = fc;
const stores = tuple(constantFrom("d1", "d2", "d3"), integer({ min: 1, max: 4 })).map(([device, count]) =>
  doing(`store(${device}, ${count})`, (bench) => bench.store(device, count)),
);
const fault = fc.record({
  operation: constantFrom("write", "sync", "create", "syncDirectory", "unlink"),
  code: constantFrom("EIO", "ENOSPC"),
  after: integer({ min: 0, max: 2 }),
  times: integer({ min: 1, max: 4 }),
});
const commands = [
  stores,
  stores,
  stores,
  constantFrom(4, 20, 20).map((ms) => doing(`pass(${ms})`, (bench) => bench.pass(ms))),
  constant(doing("read()", (bench) => bench.read())),
  constantFrom(0.4, 1).map((part) => doing(`acknowledge(${part})`, (bench) => bench.acknowledge(part))),
  constantFrom(true, false, false).map((isShort) =>
    doing(`fill(${isShort})`, (bench) => bench.fill(isShort)),
  ),
  fault.map((given) => doing(`fail(${JSON.stringify(given)})`, (bench) => bench.fail(given))),
  constant(doing("restart()", (bench) => bench.restart())),
  constant(doing("kill()", (bench) => bench.kill())),
  constant(doing("cutPower()", (bench) => bench.cutPower())),
];

const lives = (make: MakeSpoolLog) =>
  fc.asyncProperty(
    constantFrom(140_000, 1_000_000),
    fc.commands(commands, { maxCommands: 24, size: "max" }),
    async (bytesMax, course) => {
      const bench = new SpoolBench(make, bytesMax);
      await bench.open();
      await fc.asyncModelRun(() => ({ model: bench, real: undefined }), course);
      bench.fill(false);
      await bench.drain();
    },
  );

describe("a spool on a disk that fails, in processes that die", () => {
  it("hands over every batch that it has called stored, in order, until that is in the stream", {
    timeout: 600_000,
  }, async () => {
    expect(await holds(lives(quickLog), RUNS, FILE)).toBeGreaterThan(0);
  });

  it.each<[string, (log: Store) => Partial<Store>]>([
    [
      "one batch too many is acknowledged",
      (log) => ({ acknowledge: (epoch, through) => log.acknowledge(epoch, through + 1) }),
    ],
    ["an acknowledgement does nothing", () => ({ acknowledge: async () => undefined })],
    [
      "what failed is called stored",
      (log) => ({ append: (entries) => log.append(entries).then(() => ({ ok: true })) }),
    ],
    [
      "the last batch of a commit is left out",
      (log) => ({ append: (entries) => log.append(withoutLast(entries)) }),
    ],
    ["what is read is forgotten", (log) => ({ read: (limit) => forgetting(log, limit) })],
    ["nothing is said to wait", () => ({ backlog: () => ({ events: 0, bytes: 0 }) })],
  ])("finds it when %s (control)", async (_, change) => {
    const broken: MakeSpoolLog = (disk, clock) => {
      const log = quickLog(disk, clock);
      return meddledStore(log, change(log));
    };
    expect((await fc.check(lives(broken), FEW)).failed).toBe(true);
  });

  it.each(["sync", "syncDirectory"] as const)("finds it when %s does nothing (control)", async (call) => {
    const broken: MakeSpoolLog = (disk, clock) => fileLog(lyingDisk(disk, call), clock, 1_024)();
    expect((await fc.check(lives(broken), FEW)).failed).toBe(true);
  });
});

describe("a spool that several senders and the replay use at once", () => {
  const schedules = (make?: MakeSpoolLogOn) =>
    fc.asyncProperty(fc.scheduler(), integer({ min: 0, max: 30 }), (scheduler, steps) =>
      runSpoolSchedule(scheduler, steps, make),
    );
  const planted = (change: (log: Store) => Partial<Store>) =>
    schedules((disk) => {
      const log = fileLog(disk, new QuickClock(), 1_024)();
      return meddledStore(log, change(log));
    });

  it("hands every batch over once, whenever the power goes", { timeout: 600_000 }, async () => {
    expect(await holds(schedules(), SCHEDULES, FILE, `${FILE}.schedules`)).toBeGreaterThan(0);
  });

  it("finds it when a batch is called stored before its sync (control)", async () => {
    const early = planted((log) => ({
      append: (entries) => {
        void log.append(entries);
        return Promise.resolve({ ok: true });
      },
    }));
    expect((await fc.check(early, FEW)).failed).toBe(true);
  });

  it("finds it when what was acknowledged is more than what was read (control)", async () => {
    const greedy = planted((log) => ({
      acknowledge: (epoch, through) => log.acknowledge(epoch, through + 1),
    }));
    expect((await fc.check(greedy, FEW)).failed).toBe(true);
  });

  it("finds it when an acknowledgement does nothing (control)", async () => {
    const idle = planted(() => ({ acknowledge: async () => undefined }));
    expect((await fc.check(idle, FEW)).failed).toBe(true);
  });
});

const withoutLast = (entries: readonly Entry[]): readonly Entry[] =>
  entries.length > 1 ? entries.slice(0, -1) : entries;

async function forgetting(log: Store, limit: Parameters<Store["read"]>[0]): ReturnType<Store["read"]> {
  const run = await log.read(limit);
  if (run) await log.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
  return run;
}
