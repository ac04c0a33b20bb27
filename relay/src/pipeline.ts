/**
 * The way of a batch through the relay, on one screen:
 *
 *   accept → Admission (one at a time per epoch, bounded) → Resends (known already?) → route:
 *     circuit closed → Aggregator → Collector → Retrier → PutRecords → 200, durable in the stream
 *     circuit open   → Spool (fsync) → 200, durable in the spool → Replay → Aggregator …, or 503 without a spool
 */
import { type Clock, sleep } from "@tonearm/sdk/ports";
import type { AcceptedBody, Durable } from "@tonearm/sdk/wire";
import { Admission } from "./admission.ts";
import { Aggregator } from "./aggregate/aggregator.ts";
import { type LoadShape, ShardMap } from "./aggregate/shard-map.ts";
import { type Batch, countOf, epochKeyOf, lastSeqOf, withoutFirst } from "./batch.ts";
import { Book, type Ticket } from "./book.ts";
import type { Config } from "./config/schema.ts";
import type { Log } from "./log.ts";
import { type Circuit, CircuitBreaker } from "./put/circuit-breaker.ts";
import { Collector } from "./put/collector.ts";
import { FailureWatch } from "./put/failure-watch.ts";
import { Limiter } from "./put/limiter.ts";
import { entryBytes, LANES } from "./put/put-entry.ts";
import { PutMeter } from "./put/put-meter.ts";
import type { PutRecords } from "./put/putter.ts";
import { Retrier, type RetrierEvents } from "./put/retrier.ts";
import { settleStrays } from "./put/strays.ts";
import { Refusal } from "./refusal.ts";
import { type Accepted, Resends } from "./resends.ts";
import { Elsewhere } from "./spool/elsewhere.ts";
import { Keeper } from "./spool/keeper.ts";
import { makeReplay } from "./spool/make-replay.ts";
import type { Replay } from "./spool/replay.ts";
import { EMPTY_SPOOL, type Spool, type SpoolState } from "./spool/spool.ts";
import { WayIn } from "./spool/way-in.ts";
import { TroubleLog } from "./trouble-log.ts";
import type { Colleagues, Keepers } from "./workers/colleagues.ts";

/** What the pipeline stands on. */
export interface PipelineParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly put: PutRecords;
  readonly loadShape: LoadShape;
  /** Undefined: while Kinesis is away, batches are refused and their senders keep them. */
  readonly spool: Spool | undefined;
  /** Undefined: no other worker serves epochs of this relay's devices. */
  readonly colleagues?: Pick<Colleagues, "own" | keyof Keepers> | undefined;
}

const STOP_POLL_MS = 20;
/** Where a batch is brought, and the column of the book that its events stand in then. */
const COLUMNS = { stream: "delivered", spool: "spooled", elsewhere: "moved" } as const;

export class Pipeline {
  readonly book = new Book();
  readonly meter: PutMeter;
  readonly breaker: CircuitBreaker;
  readonly shardMap: ShardMap;
  readonly limiter: Limiter;
  readonly admission: Admission;
  /** What other workers bring here. */
  readonly keeper: Keeper;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #resends: Resends;
  readonly #aggregator: Aggregator;
  readonly #collector: Collector;
  readonly #retrier: Retrier;
  readonly #spool: Spool | undefined;
  readonly #wayIn: WayIn;
  readonly #replay: Replay | undefined;
  readonly #trouble: TroubleLog;
  readonly #colleagues: PipelineParts["colleagues"];
  #isStarted = false;

  constructor(config: Config, parts: PipelineParts) {
    const { clock, log, spool, colleagues } = parts;
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#spool = spool;
    this.#colleagues = colleagues;
    this.#trouble = new TroubleLog(log, clock);
    const elsewhere =
      spool && colleagues ? new Elsewhere(colleagues, clock, config.resendEpochsMax) : undefined;
    this.#wayIn = new WayIn({ spool, elsewhere, clock, circuit: () => this.circuit }, config);
    this.keeper = new Keeper(this.#wayIn, this.book, {
      isOpen: () => this.#isStarted && !this.admission.isClosed,
      waitMs: () => this.breaker.waitMs,
    });
    this.#resends = new Resends(config.resendEpochsMax);
    this.admission = new Admission(config, clock);
    const watch = new FailureWatch(clock, config);
    this.breaker = new CircuitBreaker({ clock, watch }, config, (kind) => this.#circuitChanged(kind));
    this.shardMap = new ShardMap(parts.loadShape, clock, config, {
      reached: () => log.info("the stream is reached"),
      aggregationOff: (reason) => this.#aggregationOff(reason),
      failed: (error) => this.#trouble.lookFailed(error, this.shardMap.shape !== undefined),
    });
    this.meter = new PutMeter(parts.put);
    this.limiter = new Limiter(clock, config);
    const { breaker, limiter } = this;
    this.#retrier = new Retrier({ put: this.meter.put, breaker, limiter, clock }, this.#retrierEvents());
    this.#collector = new Collector({ breaker, limiter, clock }, config, {
      put: (call) => this.#retrier.call(call),
      giveUp: (late) => this.#retrier.giveUp(late),
    });
    this.#aggregator = new Aggregator({ shardMap: this.shardMap, clock }, config, (entry) =>
      this.#collector.add(entry),
    );
    const out = { clock, log, book: this.book, aggregator: this.#aggregator };
    const mayDeliver = () => this.circuit !== "open";
    this.#replay = spool && makeReplay({ ...out, mayDeliver, spool });
  }

  /**
   * With a spool it starts although Kinesis is away: until the stream is reached the circuit is open.
   * @throws what the first look at the stream, or the spool's directory, throws.
   */
  async start(): Promise<void> {
    // Whoever cannot start, and is started again and again, leaves nothing in the spool.
    await this.shardMap.start(this.#spool !== undefined);
    try {
      await this.#spool?.open({
        stored: () => this.#replay?.notify(),
        lost: (batches, events) => this.#countLost(batches, events),
      });
    } catch (error) {
      await this.shardMap.stop();
      throw error;
    }
    this.#replay?.start();
    this.#isStarted = true;
  }

  /** Whether `start` has resolved; before that it must not be given batches. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /**
   * Brings a batch to safety.
   * @returns how far it is safe, and where: only after Kinesis, or the spool's disk, has all of it.
   * @throws Refusal when it is not; the sender keeps the batch.
   */
  async accept(batch: Batch): Promise<AcceptedBody> {
    const ticket = this.book.enter(countOf(batch));
    try {
      const bytes = batch.records.bytes.length;
      const epochKey = epochKeyOf(batch);
      const claim = this.#colleagues?.own(epochKey);
      if (claim) this.#wayIn.arrived(batch.device);
      // It waits in the line: whoever has to give the epoch up meanwhile gives it up behind this batch.
      const durable = await this.admission.admit(epochKey, bytes, () => {
        const bring = () => this.#bringToSafety(batch, epochKey, ticket);
        return claim ? claim.then(bring) : bring();
      });
      const answer = { acked_through: lastSeqOf(batch), durable, server_time: this.#clock.wallMs() };
      const { deviceFlushIntervalMs } = this.#config;
      if (deviceFlushIntervalMs === undefined) return answer;
      return { ...answer, settings: { flush_interval_ms: deviceFlushIntervalMs } };
    } catch (error) {
      this.book.reject(ticket, error instanceof Refusal ? error.code : "stream_unavailable");
      throw error;
    }
  }

  /** Lets what is under way arrive. Resolves to how many events did not within `deadlineMs`. */
  async stop(deadlineMs: number): Promise<number> {
    this.admission.close();
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    const replayed = this.#replay?.stop();
    this.#spool?.letAllFollow();
    this.#aggregator.flush("spooled");
    // What came from the spool is still there; it need not be waited for.
    this.#retrier.giveUp(this.#collector.takeAll("spooled"));
    while (this.book.inFlight > 0 && this.#clock.monotonicMs() < endMs) {
      // Again and again: a batch that was waiting its turn comes to the aggregator only now.
      this.#aggregator.flush("live");
      await sleep(this.#clock, STOP_POLL_MS);
    }
    await replayed;
    await this.#spool?.close();
    await this.shardMap.stop();
    return this.book.inFlight;
  }

  /** Takes over what another worker knew of an epoch. */
  adopt(epochKey: string, accepted: Accepted): void {
    this.#resends.adopt(epochKey, accepted);
  }

  /** Gives an epoch up to another worker, once what is under way of it here has ended; resolves to what was accepted of it. */
  async release(epochKey: string): Promise<Accepted | undefined> {
    await this.admission.idle(epochKey);
    return this.#resends.release(epochKey);
  }

  /** Whether Kinesis takes records; nobody could say to which shard as long as the stream was never reached. */
  get circuit(): Circuit["kind"] {
    return this.shardMap.shape ? this.breaker.kind : "open";
  }

  /** What waits in the spool; zeros without one. */
  get spooled(): SpoolState {
    return this.#spool ?? EMPTY_SPOOL;
  }

  /** How fast the spool emptied when it last did; undefined as long as it never has. */
  get drainBytesPerSecond(): number | undefined {
    return this.#spool?.rate.bytesPerSecond;
  }

  /** Dead letters on the disk, those of earlier processes included; zeros without a spool. */
  get deadLetters(): { readonly batches: number; readonly bytes: number } {
    const { batches = 0, bytes = 0 } = this.#spool?.deadLetters ?? {};
    return { batches, bytes };
  }

  /** The shard that takes a device's batches; empty where only Kinesis knows. */
  shardOf(device: string): string {
    return this.#aggregator.shardKeyFor(device);
  }

  /** How long a live record for a shard would wait for those before it, in ms. */
  shardWaitMs(shardId: string): number {
    return this.#collector.waitMs(shardId);
  }

  async #bringToSafety(batch: Batch, epochKey: string, ticket: Ticket): Promise<Durable> {
    const known = this.#resends.knownPrefix(batch, epochKey);
    const rest = known.length > 0 ? withoutFirst(batch, known.length) : batch;
    const left = countOf(rest);
    this.book.settle(ticket, "duplicates", countOf(batch) - left);
    if (left === 0) return known.durable;
    const place = await this.#route(rest);
    const durable = place === "stream" ? place : "spool";
    this.#resends.accept(rest, durable, epochKey);
    this.book.settle(ticket, COLUMNS[place], left);
    return durable;
  }

  async #route(batch: Batch): Promise<keyof typeof COLUMNS> {
    const place = await this.#wayIn.detain(batch, () => this.breaker.waitMs);
    if (place) return place;
    const waitMs = this.#collector.waitMs(this.shardOf(batch.device));
    if (waitMs > this.#config.shardWaitMaxMs) return this.#wayIn.store(batch, waitMs);
    let outcome = await this.#aggregator.add(batch).outcome;
    if (outcome === "stream") {
      // All of its records have been answered. Whatever else became of it, some of them may still be on their way.
      batch.records.room?.free();
      return "stream";
    }
    // Another batch in the record may have been the reason.
    if (outcome === "refused") outcome = await this.#aggregator.add(batch, { alone: true }).outcome;
    if (outcome === "refused") {
      throw new Refusal("batch_too_large", "Kinesis refuses a record with this batch; send fewer events");
    }
    return outcome === "stream" ? "stream" : this.#wayIn.store(batch, this.breaker.waitMs);
  }

  #countLost(batches: number, events: number): void {
    this.book.unspool("damaged", events);
    this.#log.error("damage has taken batches from the spool", { batches, events });
  }

  #circuitChanged(kind: Circuit["kind"]): void {
    this.#log.warn("circuit", { state: kind });
    // Whoever waits in a queue is answered now: from the spool, or with when to come again.
    if (kind === "open") {
      this.#giveUpAll();
      this.#spool?.letAllFollow();
    }
    // A stream that was away may have come back as another one.
    if (kind === "closed") this.shardMap.surprise();
  }

  /** What is an aggregate already would be dropped by consumers: its batches come again, and go singly. */
  #aggregationOff(reason: string): void {
    this.#log.warn("records are not aggregated", { reason });
    for (const lane of LANES) this.#aggregator.flush(lane);
    this.#giveUpAll();
  }

  #giveUpAll(): void {
    for (const lane of LANES) this.#retrier.giveUp(this.#collector.takeAll(lane));
  }

  #retrierEvents(): RetrierEvents {
    return {
      surprised: (strays) => void settleStrays(strays, this.shardMap),
      retried: (count) => {
        this.meter.retries += count;
      },
      failed: (error) => this.#trouble.callFailed(error),
      refused: ({ entry }, reason) =>
        this.#log.error("Kinesis refuses a record for good", { reason, bytes: entryBytes(entry) }),
    };
  }
}
