/** An outage of Kinesis under load: how much it costs, and whom. */
import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { COUNTED_STREAM, startCountingKinesis } from "./counting-kinesis.ts";
import { freshDirectory, until } from "./devices.ts";
import { type KinesisFault, KinesisProxy } from "./kinesis-proxy.ts";
import { freshStream, startServer } from "./kinesis-servers.ts";
import { freePort } from "./ports.ts";
import { RawDevices } from "./raw-devices.ts";
import { startRelayProcess } from "./relay-process.ts";

export interface OutageOptions {
  /**
   * What stands behind the proxy: kinesalite, which keeps everything and is read to its end by the audit, or a Kinesis that
   * counts what comes and keeps none of it, for more events than that.
   */
  readonly server: "kinesalite" | "counting";
  readonly outageMs: number;
  /** How long each kind of trouble lasts before the next. */
  readonly faultMs: number;
  readonly devices: number;
  readonly batchEvents: number;
  readonly pauseMs: number;
  /** How long the spool may take to empty afterwards. */
  readonly drainMsMax: number;
}

export interface OutageReport {
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicates: number;
  /** Records in the stream that are not what a device sent. */
  readonly spoilt: number;
  /** Events taken in during the outage, a second. */
  readonly eventsPerSecond: number;
  /** Answers by where a batch was durable, or by refusal; `none` had no answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly waitMsP50: number;
  readonly waitMsP99: number;
  /**
   * Resident memory on average in the first and the last third of the outage, and its highest. The first minute is left out, or
   * of a short outage the first half: until then heap and buffers find their size.
   */
  readonly rssFirst: number;
  readonly rssLast: number;
  readonly rssMax: number;
  readonly spooledBytesMax: number;
  readonly drainMs: number;
  readonly drainBytesPerSecond: number;
  readonly imbalance: number;
  /** 0 when the relay lived through all of it and ended in order. */
  readonly exitCode: number | null;
}

/** One after another, over and over. */
const FAULTS: readonly KinesisFault[] = [
  { kind: "500s" },
  { kind: "resets" },
  { kind: "black hole" },
  { kind: "expired credentials" },
];
const SAMPLE_MS = 200;
const WARM_UP_MS = 60_000;
const EVENT_BYTES = 200;
const OPTIONS = { spoolBytesMax: 2 ** 36, putTimeoutMs: 2_000, openMsMax: 2_000 };
/** Its shards take whatever comes. */
const COUNTING_OPTIONS = { shardBytesPerSecond: 2 ** 30, shardRecordsPerSecond: 1_000_000 };

export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const target = await (options.server === "counting" ? countingTarget() : kinesaliteTarget());
  const { proxy, stream } = target;
  const spool = await freshDirectory();
  const place = { stream, endpoint: proxy.endpoint, port: await freePort(), spool };
  const relay = await startRelayProcess({ ...OPTIONS, ...target.relayOptions, ...place });
  const { devices: count, batchEvents, pauseMs } = options;
  const load = { count, batchEvents, pauseMs, eventBytes: EVENT_BYTES, waitMsMax: 1_000 };
  const devices = new RawDevices(relay.url, load);
  await until("traffic", () => devices.events > 1_000);
  const before = devices.events;
  const rss: number[] = [];
  let spooledBytesMax = 0;
  const began = performance.now();
  for (let at = 0; at < options.outageMs; at = performance.now() - began) {
    proxy.fault = FAULTS[Math.floor(at / options.faultMs) % FAULTS.length]!;
    rss.push(relay.rss());
    spooledBytesMax = Math.max(spooledBytesMax, (await relay.status()).spool.bytes);
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  const eventsPerSecond = ((devices.events - before) * 1_000) / options.outageMs;
  proxy.fault = { kind: "none" };
  await devices.stop();
  const drainBegan = performance.now();
  const isEmpty = async () => (await relay.status()).book.spooled === 0;
  await until("the spool is empty", isEmpty, options.drainMsMax);
  const drainMs = performance.now() - drainBegan;
  const { book, spool: emptied } = await relay.status();
  const exitCode = await relay.stop();
  const found = await target.reckon(devices);
  await proxy.close();
  await target.stop();
  return {
    acknowledged: devices.events,
    ...found,
    eventsPerSecond,
    answers: Object.fromEntries(devices.answers),
    ...waitsOf(devices.waits),
    ...memoryOf(rss),
    spooledBytesMax,
    drainMs,
    drainBytesPerSecond: emptied.drain_bytes_per_s,
    imbalance: book.imbalance ?? Number.NaN,
    exitCode,
  };
}

/** Where the events go, behind a proxy, and what came of them. */
interface Target {
  readonly proxy: KinesisProxy;
  readonly stream: string;
  readonly relayOptions: Readonly<Record<string, number>>;
  reckon(devices: RawDevices): Promise<Pick<OutageReport, "lost" | "duplicates" | "spoilt">>;
  stop(): void | Promise<void>;
}

async function kinesaliteTarget(): Promise<Target> {
  const server = await startServer("kinesalite");
  const stream = await freshStream(server, 4);
  return {
    proxy: await KinesisProxy.start(server.endpoint),
    stream,
    relayOptions: {},
    reckon: async (devices) => {
      const { ledger, totals } = await audit(server.client, stream, systemClock);
      return { lost: lostOf(devices, ledger), duplicates: totals.duplicates, spoilt: totals.foreign };
    },
    stop: () => server.stop(),
  };
}

async function countingTarget(): Promise<Target> {
  const counting = await startCountingKinesis();
  return {
    proxy: await KinesisProxy.start(counting.endpoint, { takesCbor: true, serverTakesCbor: true }),
    stream: COUNTED_STREAM,
    relayOptions: COUNTING_OPTIONS,
    reckon: async ({ acked }) => {
      const { lost, duplicates, spoilt } = await counting.count(acked);
      return { lost, duplicates, spoilt };
    },
    stop: () => counting.stop(),
  };
}

/** Acknowledged events that are not in the stream. */
export function lostOf(devices: RawDevices, ledger: Awaited<ReturnType<typeof audit>>["ledger"]): number {
  let lost = 0;
  for (const [device, acked] of devices.acked) {
    for (let seq = 1; seq <= acked; seq++)
      if (ledger.state(device, devices.epoch, seq) !== "received") lost++;
  }
  return lost;
}

function waitsOf(waits: readonly number[]) {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  return { waitMsP50: at(0.5), waitMsP99: at(0.99) };
}

function memoryOf(rss: readonly number[]) {
  const steady = rss.slice(Math.min(Math.floor(rss.length / 2), WARM_UP_MS / SAMPLE_MS));
  const third = Math.ceil(steady.length / 3);
  const mean = (part: readonly number[]) => part.reduce((sum, each) => sum + each, 0) / part.length;
  const [rssFirst, rssLast] = [mean(steady.slice(0, third)), mean(steady.slice(-third))];
  return { rssFirst, rssLast, rssMax: Math.max(...rss) };
}
