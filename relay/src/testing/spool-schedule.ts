/** Several senders and the replay at one spool, on a disk and a clock whose calls end in the order that a scheduler wants. */
import type { Disk, Store } from "@tonearm/sdk/file-log";
import type { Clock } from "@tonearm/sdk/ports";
import { beforeEachCall, MemoryDisk, QuickClock } from "@tonearm/sdk/testing";
import type { Scheduler } from "fast-check";
import type { Batch } from "../batch.ts";
import { DeadLetters } from "../spool/dead-letters.ts";
import { Spool } from "../spool/spool.ts";
import { batchOf } from "./batches.ts";
import { fileLog } from "./spools.ts";

/** The log under test, on the disk it is given. */
export type MakeSpoolLogOn = (disk: Disk) => Store;

const quick = (disk: Disk): Store => fileLog(disk, new QuickClock(), 1_024)();
const nameOf = ({ device, firstSeq }: Batch): string => `${device}/${firstSeq}`;

/** A clock whose timers go off when the scheduler likes. */
class ScheduledClock extends QuickClock {
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    super();
    this.#scheduler = scheduler;
  }

  override after(delayMs: number, callback: () => void): () => void {
    let isCancelled = false;
    const fire = async () => {
      await this.#scheduler.schedule(Promise.resolve(), `a timer of ${delayMs} ms`);
      if (!isCancelled) callback();
    };
    void fire();
    return () => {
      isCancelled = true;
    };
  }
}

function spoolOn(log: Store, clock: Clock, isShort: () => Promise<boolean>): Spool {
  const letters = new MemoryDisk();
  const deadLetters = new DeadLetters(letters, clock, fileLog(letters, new QuickClock()));
  return new Spool(
    { log, clock, deadLetters, isShort },
    { spoolCommitMs: 10, bytesInFlightMax: 2 ** 26, spoolBytesMax: 1e9 },
  );
}

const NEWS = {
  stored: () => undefined,
  lost: () => {
    throw new Error("batches are said to be lost, and nothing was damaged");
  },
};

/** Reads one run and says that it is in the stream; returns the batches, or undefined when there is none. */
async function takeRun(spool: Spool, taken: string[]): Promise<boolean> {
  const run = await spool.read();
  if (!run) return false;
  for (const { batch } of run.batches) {
    const name = nameOf(batch!);
    if (taken.includes(name)) throw new Error(`${name} is read again after it has left`);
    taken.push(name);
  }
  await run.acknowledge(run.batches.at(-1)!.seq);
  return true;
}

/**
 * @param steps so long the power stays on, at least.
 * @throws Error with what was broken.
 */
export async function runSpoolSchedule(
  scheduler: Scheduler,
  steps: number,
  make: MakeSpoolLogOn = quick,
): Promise<void> {
  const disk = new MemoryDisk();
  let isScheduled = false;
  const wait = (call: string) => (isScheduled ? scheduler.schedule(Promise.resolve(), call) : undefined);
  const clock = new ScheduledClock(scheduler);
  const isShort = async () => {
    await wait("how much is free");
    return false;
  };
  const spool = spoolOn(make(beforeEachCall(disk, wait)), clock, isShort);
  await spool.open(NEWS);
  isScheduled = true;
  const stored: string[] = [];
  const taken: string[] = [];
  let cut: { readonly disk: MemoryDisk; readonly owed: readonly string[] } | undefined;
  const send = async (device: string) => {
    for (const batch of [batchOf(device, 1, 3), batchOf(device, 4, 2)])
      if ((await spool.store(batch)) === "stored") stored.push(nameOf(batch));
  };
  const replay = async () => {
    for (let rounds = 0; rounds < 4; rounds++) {
      await scheduler.schedule(Promise.resolve(), "the replay looks");
      await takeRun(spool, taken);
    }
  };
  const power = async () => {
    for (let left = steps; left >= 0; left--) await scheduler.schedule(Promise.resolve(), "the power is on");
    cut = { disk: disk.powerCut(), owed: stored.filter((name) => !taken.includes(name)) };
  };
  await scheduler.waitFor(Promise.all([send("d1"), send("d2"), send("d3"), replay(), power()]));
  await scheduler.waitIdle();
  isScheduled = false;
  while (await takeRun(spool, taken));
  checkTaken(stored, taken);
  const next = spoolOn(quick(cut!.disk), new QuickClock(2), async () => false);
  await next.open(NEWS);
  const left: string[] = [];
  while (await takeRun(next, left));
  const lost = cut!.owed.find((name) => !left.includes(name));
  if (lost !== undefined) throw new Error(`${lost} was stored, and is lost with the power`);
}

/** Every batch that was stored comes, once, those of a device in their order. */
function checkTaken(stored: readonly string[], taken: readonly string[]): void {
  if (stored.length !== 6) throw new Error(`${stored.length} of 6 batches are stored, and nothing was wrong`);
  const lost = stored.find((name) => !taken.includes(name));
  if (lost !== undefined) throw new Error(`${lost} was stored, and never comes`);
  for (const device of ["d1", "d2", "d3"])
    if (taken.indexOf(`${device}/1`) > taken.indexOf(`${device}/4`))
      throw new Error(`${device} loses its order`);
}
