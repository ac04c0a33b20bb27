/** Several callers of one log at once, on a disk whose calls end in the order that a scheduler wants, and a power cut in between. */
import type { Scheduler } from "fast-check";
import type { Disk } from "../file-log/disk.ts";
import { CONTROL, type Entry, NORMAL, type Priority, type Run, type SeqRange, type Store } from "../store.ts";
import { smallLogOn } from "./log-bench.ts";
import { beforeEachCall } from "./meddle.ts";
import { MemoryDisk } from "./memory-disk.ts";

/** The log under test, on the disk it is given. */
export type MakeLogOn = (disk: Disk) => Store;

const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
const TOO_MUCH = 1e9;
const noDamage = (range: SeqRange): void => {
  throw new Error(`damage is declared, and nothing was damaged: ${JSON.stringify(range)}`);
};

/** What is owed at one moment, and what a power cut at that moment leaves. */
interface Cut {
  readonly disk: MemoryDisk;
  readonly owed: readonly number[];
}

class Callers {
  readonly #log: Store;
  #lastSeq = 0;
  readonly texts = new Map<number, string>();
  /** Said to be durable. */
  readonly durable = new Set<number>();
  /** Acknowledged or given up: from the moment at which that is asked for it need not be there. */
  readonly gone = new Set<number>();
  readonly #shown = new Set<number>();

  constructor(log: Store) {
    this.#log = log;
  }

  async append(count: number, priority: Priority): Promise<boolean> {
    const entries = Array.from({ length: count }, () => this.#entry(priority));
    const { ok } = await this.#log.append(entries);
    if (ok) for (const { seq } of entries) this.durable.add(seq);
    return ok;
  }

  /** Shows the oldest and acknowledges half of it, again and again. */
  async deliver(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const run = await this.#log.read({ eventsMax: 4, bytesMax: 1_000 });
      if (!run) continue;
      this.#check(run);
      const through = run.firstSeq + Math.ceil(run.events.length / 2) - 1;
      this.#acknowledged(run.firstSeq, through);
      await this.#log.acknowledge(run.epoch, through);
    }
  }

  async evict(): Promise<void> {
    const eviction = await this.#log.planEviction(TOO_MUCH, 0);
    if (!eviction || !(await this.append(1, CONTROL))) return;
    for (const { fromSeq, toSeq } of eviction.ranges)
      for (let seq = fromSeq; seq <= toSeq; seq++) this.gone.add(seq);
    await eviction.apply();
  }

  #check({ firstSeq, events }: Run): void {
    for (const [i, bytes] of events.entries()) {
      const seq = firstSeq + i;
      const text = this.texts.get(seq);
      if (this.#shown.has(seq)) throw new Error(`${seq} is shown again after it was acknowledged`);
      if (Buffer.from(bytes).toString() !== text) throw new Error(`${seq} is not what was given`);
    }
  }

  /** Reads and acknowledges until nothing is left. */
  async drain(): Promise<void> {
    for (let run = await this.#log.read(WIDE); run; run = await this.#log.read(WIDE)) {
      this.#check(run);
      const through = run.firstSeq + run.events.length - 1;
      this.#acknowledged(run.firstSeq, through);
      await this.#log.acknowledge(run.epoch, through);
    }
  }

  /** What was passed over, and neither shown nor given up, stays owed. */
  #acknowledged(fromSeq: number, throughSeq: number): void {
    for (let seq = fromSeq; seq <= throughSeq; seq++) {
      this.gone.add(seq);
      this.#shown.add(seq);
    }
  }

  #entry(priority: Priority): Entry {
    const seq = ++this.#lastSeq;
    const text = `event ${seq}`.padEnd(seq % 3 === 0 ? 200 : 20, ".");
    this.texts.set(seq, text);
    return { seq, priority, bytes: Buffer.from(text) };
  }
}

/**
 * @param steps so long the power stays on, at least.
 * @throws Error with what was broken.
 */
export async function runSchedule(
  scheduler: Scheduler,
  steps: number,
  make: MakeLogOn = (disk) => smallLogOn(disk, noDamage),
): Promise<void> {
  const disk = new MemoryDisk();
  let isScheduled = false;
  const wait = (call: string) => (isScheduled ? scheduler.schedule(Promise.resolve(), call) : undefined);
  const log = make(beforeEachCall(disk, wait));
  await log.open("device", "epoch1----------");
  const callers = new Callers(log);
  await callers.append(3, NORMAL);
  isScheduled = true;
  let cut: Cut | undefined;
  const power = async () => {
    for (let left = steps; left >= 0; left--) await scheduler.schedule(Promise.resolve(), "the power is on");
    const owed = [...callers.durable].filter((seq) => !callers.gone.has(seq));
    cut = { disk: disk.powerCut(), owed };
  };
  const all = [
    (async () => {
      for (const [count, priority] of [
        [2, 3],
        [1, NORMAL],
        [3, 3],
      ] as const)
        await callers.append(count, priority);
    })(),
    callers.append(1, CONTROL),
    callers.deliver(3),
    callers.evict(),
    power(),
  ];
  await scheduler.waitFor(Promise.all(all));
  await scheduler.waitIdle();
  isScheduled = false;
  await checkEnd(log, callers);
  await checkCut(cut!, callers);
}

/** With the power on, everything that was not given up comes, and once. */
async function checkEnd(log: Store, callers: Callers): Promise<void> {
  await callers.drain();
  for (const seq of callers.texts.keys()) if (!callers.gone.has(seq)) throw new Error(`${seq} is lost`);
  if (log.backlog().events !== 0) throw new Error("something is said to wait, and nothing does");
}

async function checkCut({ disk, owed }: Cut, callers: Callers): Promise<void> {
  const log = smallLogOn(disk, noDamage);
  const found = new Callers(log);
  for (const [seq, text] of callers.texts) found.texts.set(seq, text);
  await log.open("device", "epoch2----------");
  await found.drain();
  for (const seq of owed)
    if (!found.gone.has(seq)) throw new Error(`${seq} was durable, and is lost with the power`);
}
