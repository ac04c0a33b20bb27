/** Devices that send at their ease, alone and beside one that sends a hundred times as much: what each meets. */
import { connect, type Socket } from "node:net";
import { COUNTED_STREAM, startCountingKinesis } from "./counting-kinesis.ts";
import { RawDevices } from "./raw-devices.ts";
import { startRelayProcess } from "./relay-process.ts";

/** What the others met while somebody else was there, or nobody. */
export interface Beside {
  readonly beside: string;
  /** Answers that the others got, by where their batch was durable, or by refusal. */
  readonly answers: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Events that were acknowledged and are not in the stream, those of the loud one included. */
  readonly lost: number;
  /** What the loud one got; empty where there is none. */
  readonly loud: Readonly<Record<string, number>>;
}

const QUIET = { count: 100, batchEvents: 10, eventBytes: 200, pauseMs: 500, waitMsMax: 1_000 };
/** A hundred times as many events, and no patience. */
const LOUD = { prefix: "loud", count: 1, batchEvents: 200, eventBytes: 200, pauseMs: 100, waitMsMax: 100 };
/** Some four times what a quiet device sends. */
const LIMITS = { deviceBytesPerSecond: 65_536, deviceBurstBytes: 262_144 };
const SLOW_CLIENTS = 200;
const DRIP_MS = 250;

/** The others alone, then beside a loud device, then beside that and clients that send their bodies byte by byte. */
export async function runLoud(seconds: number): Promise<Beside[]> {
  const found: Beside[] = [];
  for (const [beside, hasLoud, slow] of [
    ["nobody", false, 0],
    ["a loud device", true, 0],
    [`a loud device and ${SLOW_CLIENTS} slow clients`, true, SLOW_CLIENTS],
  ] as const)
    found.push(await runBeside(beside, hasLoud, slow, seconds));
  return found;
}

async function runBeside(beside: string, hasLoud: boolean, slow: number, seconds: number): Promise<Beside> {
  const kinesis = await startCountingKinesis();
  const place = { stream: COUNTED_STREAM, endpoint: kinesis.endpoint, port: 0 };
  const relay = await startRelayProcess({ ...LIMITS, ...place });
  const clients = Array.from({ length: slow }, () => drip(relay.url));
  const loud = hasLoud ? new RawDevices(relay.url, LOUD) : undefined;
  const quiet = new RawDevices(relay.url, QUIET);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  await Promise.all([quiet.stop(), loud?.stop()]);
  for (const end of clients) end();
  await relay.stop();
  const { lost } = await kinesis.count(new Map([...quiet.acked, ...(loud?.acked ?? [])]));
  kinesis.stop();
  const sorted = quiet.waits.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  const answers = Object.fromEntries(quiet.answers);
  return {
    beside,
    answers,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    lost,
    loud: Object.fromEntries(loud?.answers ?? []),
  };
}

/** A client that begins a batch and goes on byte by byte, and begins again when it is thrown out; returns how to end it. */
function drip(url: string): () => void {
  const { hostname, port } = new URL(url);
  const head = `POST /v1/batches HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/x-ndjson\r\ncontent-length: 100000\r\n\r\n`;
  let isOver = false;
  let socket: Socket;
  const begin = () => {
    if (isOver) return;
    socket = connect(Number(port), hostname, () => socket.write(head));
    socket.on("error", () => undefined);
    socket.on("close", begin);
  };
  begin();
  const timer = setInterval(() => socket.write("x"), DRIP_MS);
  return () => {
    isOver = true;
    clearInterval(timer);
    socket.destroy();
  };
}
