/** A device on a disk in memory and a relay that is played; and beside them the little that must be true of what arrives. */
import type { EventPriority } from "../event.ts";
import { FileLog } from "../file-log/file-log.ts";
import type { Run, Store } from "../store.ts";
import type { Answer } from "../transport.ts";
import { instance, undeclared } from "./instance.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { QuickClock } from "./quick-clock.ts";
import { accept, type ReceivedEvent, readRun, unreachable } from "./scripted-transport.ts";

/**
 * What a relay does with a batch: takes it; takes the first half; takes it, and the answer is lost; takes nothing, and cannot be
 * reached.
 */
export type RelayMode = "takes" | "takes half" | "answer lost" | "away";

/** Changes that a control makes to what is tested. */
export interface Meddling {
  readonly store?: (log: Store) => Store;
  readonly answer?: (run: Run, answer: Answer) => Answer;
}

/** Stands in every event that a purge must leave nothing of. */
const SECRET = "secret";
/** So small that something has to go again and again. */
const STORE = { segmentBytes: 1_024, storeBytesMax: 6_000, storeEventsMax: 60, freeBytesMin: 0 };

interface Epoch {
  readonly name: string;
  /** What was recorded under a number, by what it says of itself. */
  readonly recorded: Map<number, number>;
  /** Numbers of which it was said that they, or some of them, are given up. */
  readonly dropped: Set<number>;
  /** Up to here everything was said to be durable. */
  durableSeq: number;
}

/** A device that is put to use by commands; each throws when a promise is broken. */
export class DeviceBench {
  relay: RelayMode = "takes";
  readonly #meddling: Meddling;
  readonly #epochs: Epoch[] = [];
  /** Everything the relay took, copies included. */
  readonly #stream: ReceivedEvent[] = [];
  readonly #inStream = new Map<string, Set<number>>();
  #disk = new MemoryDisk();
  #life: ReturnType<typeof instance>;
  #events = 0;
  /** Events with a lower number were purged. */
  #purgedBefore = 0;
  #broken: string | undefined;

  constructor(meddling: Meddling = {}) {
    this.#meddling = meddling;
    this.#life = this.#begin();
  }

  record(count: number, size: number, priority: EventPriority): void {
    const { recorded } = this.#epochs.at(-1)!;
    for (let i = 0; i < count; i++) {
      const n = this.#events++;
      const told = this.#life.telemetry.record("tick", { n, text: SECRET.padEnd(size, ".") }, { priority });
      if (told.status !== "recorded") throw new Error(`an event was not recorded: ${told.reason}`);
      recorded.set(told.seq, n);
    }
  }

  async wait(ms: number): Promise<void> {
    await this.#life.clock.advance(ms);
    this.#check();
  }

  /** What is said to be delivered must be in the stream, or declared. */
  async flush(): Promise<void> {
    const { recorded, name } = this.#epochs.at(-1)!;
    const seqs = [...recorded.keys()];
    const flushed = this.#life.telemetry.flush({ timeoutMs: 3_000 });
    await this.wait(3_000);
    const { delivered, durable } = await flushed;
    if (delivered) this.#demandDelivered(name, Math.max(0, ...seqs));
    const last = seqs.at(-1) ?? 0;
    if (durable && this.#epochs.at(-1)!.durableSeq < last) throw new Error(`${last} is not durable`);
  }

  /** Takes consent away and gives it back. */
  async purge(): Promise<void> {
    const purgedBefore = this.#events;
    const { complete } = await this.#life.telemetry.setConsent("denied");
    if (!complete) throw new Error("a purge is not complete, and nothing was wrong");
    if (this.#disk.holds(SECRET)) throw new Error("a purge leaves bytes of events");
    this.#purgedBefore = purgedBefore;
    await this.#life.telemetry.setConsent("granted");
    this.#check();
  }

  /** The process ends in order, and another begins. */
  async restart(): Promise<void> {
    const closed = this.#life.telemetry.close({ timeoutMs: 500 });
    await this.wait(1_000);
    await closed;
    this.#life = this.#begin();
  }

  kill(): void {
    this.#disk = this.#disk.processKill();
    this.#life = this.#begin();
  }

  cutPower(): void {
    this.#disk = this.#disk.powerCut();
    this.#life = this.#begin();
  }

  /** The relay takes everything from now on: all that was durable must arrive, or is declared. */
  async drain(): Promise<void> {
    this.relay = "takes";
    await this.wait(200_000);
    const closed = this.#life.telemetry.close({ timeoutMs: 100_000 });
    await this.wait(100_000);
    const { delivered, pendingEvents } = await closed;
    if (!delivered || pendingEvents > 0) throw new Error(`${pendingEvents} events are still there`);
    const ends = this.#ends();
    for (const { name, durableSeq } of this.#epochs) {
      if (durableSeq === 0) continue;
      const end = ends.get(name);
      if (end === undefined)
        throw new Error(`${durableSeq} of ${name} was durable, and nobody says where it ended`);
      // Not known, where a crash has left what damage might have left.
      const lastSeq = Math.max(durableSeq, end ?? 0);
      if (end !== null && end < durableSeq)
        throw new Error(`${name} is said to end at ${end}, ${durableSeq} was durable`);
      const behind: ReceivedEvent = { epoch: name, seq: lastSeq + 1, type: "tick", data: {} };
      const missing = undeclared([...this.#stream, behind], name);
      if (missing.length > 0) throw new Error(`${missing.join()} of ${name} are lost, and nobody says so`);
    }
  }

  #begin(): ReturnType<typeof instance> {
    const clock = new QuickClock(this.#epochs.length + 1);
    const options = { batchEventsMax: 8, commitEventsMax: 6, recoverySpreadMs: 0 };
    const life = instance(this.#disk, options, 0, {
      clock,
      makeStore: (tell) => {
        const log = new FileLog({
          ...STORE,
          disk: this.#disk,
          clock,
          spelling: 1,
          onDamage: (range) => tell.damage(range),
          onQuarantine: (name, reason) => tell.quarantined(name, reason),
        });
        return this.#meddling.store?.(log) ?? log;
      },
    });
    const epoch: Epoch = {
      name: life.telemetry.epoch,
      recorded: new Map(),
      dropped: new Set(),
      durableSeq: 0,
    };
    this.#epochs.push(epoch);
    // What a dead process says and sends counts for nothing.
    const isAlive = () => this.#epochs.at(-1) === epoch;
    life.telemetry.on("durable", ({ throughSeq }) => {
      if (isAlive()) epoch.durableSeq = throughSeq;
    });
    life.telemetry.on("drop", ({ epoch: of, fromSeq, toSeq }) => {
      const dropped = this.#epochs.find(({ name }) => name === of)?.dropped;
      for (let seq = fromSeq; seq <= toSeq; seq++) dropped?.add(seq);
    });
    life.telemetry.on("accepted", ({ epoch: of, throughSeq }) => {
      if (isAlive()) this.#demandDelivered(of, throughSeq);
    });
    life.transport.answer = (run) => (isAlive() ? this.#answer(run) : unreachable());
    return life;
  }

  #answer(run: Run): Answer {
    const isHalf = this.relay === "takes half";
    const throughSeq = run.firstSeq + Math.ceil(run.events.length / (isHalf ? 2 : 1)) - 1;
    const answer: Answer = { ...(accept(run) as Answer & { kind: "accepted" }), throughSeq };
    if (this.relay !== "away") {
      for (const event of readRun(run)) if (event.seq <= throughSeq) this.#take(event);
    }
    const told = this.relay === "away" || this.relay === "answer lost" ? unreachable() : answer;
    return this.#meddling.answer?.(run, told) ?? told;
  }

  /** Every event is what was recorded, none comes that was purged, and what comes for the first time comes in order. */
  #take(event: ReceivedEvent): void {
    const { epoch, seq, type, data } = event;
    const at = this.#epochs.findIndex(({ name }) => name === epoch);
    const known = this.#inStream.get(epoch) ?? new Set();
    if (type === "tick" && this.#epochs[at]?.recorded.get(seq) !== data.n)
      this.#broken ??= `${seq} of ${epoch} is another event`;
    if (type === "tick" && (data.n as number) < this.#purgedBefore)
      this.#broken ??= `${seq} of ${epoch} was purged`;
    const later = this.#epochs.slice(at + 1).some(({ name }) => this.#inStream.has(name));
    const isOld = known.has(seq);
    if (!isOld && (later || seq < Math.max(0, ...known)))
      this.#broken ??= `${seq} of ${epoch} comes behind a later one`;
    this.#stream.push(event);
    this.#inStream.set(epoch, known.add(seq));
  }

  /** What is acknowledged must be in the stream, or it was said that it is given up: that is in the stream in the end. */
  #demandDelivered(epoch: string, throughSeq: number): void {
    const { recorded, dropped } = this.#epochs.find(({ name }) => name === epoch)!;
    const taken = this.#inStream.get(epoch);
    for (const seq of recorded.keys()) {
      if (seq <= throughSeq && !taken?.has(seq) && !dropped.has(seq))
        this.#broken ??= `${seq} of ${epoch} is acknowledged, and neither delivered nor given up`;
    }
    this.#check();
  }

  /** Where each epoch ended, as the stream has it. */
  #ends(): Map<unknown, number | null> {
    const ends = new Map<unknown, number | null>();
    for (const { type, epoch, data } of this.#stream) {
      if (type === "$open") ends.set(data.previous_epoch, data.previous_last_seq as number | null);
      if (type === "$close") ends.set(epoch, data.last_seq as number);
    }
    return ends;
  }

  #check(): void {
    if (this.#broken !== undefined) throw new Error(this.#broken);
  }
}
