/**
 * The devices, in a process of their own: each has a connection, and sends its next batch when the one before is acknowledged.
 * Arguments: a workload as JSON, the server's URL, a write key. Told `warm` or `measure`, it sends that part, and tells what it saw.
 */
import { connect, type Socket } from "node:net";
import { BATCHES_PATH } from "@tonearm/sdk/wire";
import { type Body, bodiesOf, type Workload } from "./workload.ts";

/** What the devices saw of one part. */
export interface Seen {
  readonly requests: number;
  readonly bodyBytes: number;
  /** By the clock, from the first byte sent to the last answer. */
  readonly elapsedMs: number;
  /** From a request's first byte to its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Connections made at once: the listener's queue takes no more. */
const CONNECTS_AT_ONCE = 256;

const [workloadText = "", endpoint = "", key = ""] = process.argv.slice(2);
const workload = JSON.parse(workloadText) as Workload;
const { hostname, port } = new URL(endpoint);

/** One device on its connection. */
class Device {
  readonly #socket: Socket;
  readonly #requests: readonly Buffer[];
  #answered = 0;
  #until = 0;
  #sentMs = 0;
  #answer = "";
  #finish: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(socket: Socket, bodies: readonly Body[]) {
    this.#socket = socket;
    this.#requests = bodies.map(requestOf);
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed a connection")));
  }

  /** Sends up to and without batch `until`; resolves when all of it is acknowledged. */
  send(until: number): Promise<void> {
    this.#until = until;
    return new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
      this.#sendNext();
    });
  }

  #sendNext(): void {
    if (this.#answered === this.#until) {
      this.#finish();
      return;
    }
    this.#sentMs = performance.now();
    this.#socket.write(this.#requests[this.#answered]!);
  }

  #read(text: string): void {
    this.#answer += text;
    const head = this.#answer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#answer)?.[1] ?? 0);
    const end = head + 4 + length;
    if (this.#answer.length < end) return;
    const body = this.#answer.slice(head + 4, end);
    latenciesMs.push(performance.now() - this.#sentMs);
    if (!this.#answer.startsWith("HTTP/1.1 200 ")) {
      this.#fail(
        new Error(`a batch was refused: ${this.#answer.slice(0, this.#answer.indexOf("\r"))} ${body}`),
      );
      return;
    }
    this.#answer = this.#answer.slice(end);
    this.#answered++;
    const expected = this.#answered * workload.batchEvents;
    const { acked_through } = JSON.parse(body) as { acked_through: number };
    if (acked_through === expected) this.#sendNext();
    else this.#fail(new Error(`an answer acknowledges ${acked_through}, expected ${expected}`));
  }
}

function requestOf({ media, encoding, bytes }: Body): Buffer {
  const lines = [
    `POST ${BATCHES_PATH} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    "connection: keep-alive",
    `content-type: ${media}`,
    ...(encoding === "identity" ? [] : [`content-encoding: ${encoding}`]),
    `authorization: Bearer ${key}`,
    `content-length: ${bytes.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

let latenciesMs: number[] = [];
const bodies = Array.from({ length: workload.devices }, (_, i) => bodiesOf(workload, i));
const devices: Device[] = [];
for (let from = 0; from < bodies.length; from += CONNECTS_AT_ONCE) {
  const some = bodies.slice(from, from + CONNECTS_AT_ONCE);
  devices.push(...(await Promise.all(some.map(async (own) => new Device(await connected(), own)))));
}
process.on("message", (part) => {
  const { warmBatches, batches } = workload;
  const [from, until] = part === "warm" ? [0, warmBatches] : [warmBatches, warmBatches + batches];
  sendPart(from, until).then(
    (seen) => process.send!(seen),
    (error: unknown) => {
      console.error(String(error));
      process.exit(1);
    },
  );
});
// Whatever ends the benchmark ends this too.
process.on("disconnect", () => process.exit());
process.send!("connected");

function connected(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once("error", reject);
  });
}

async function sendPart(from: number, until: number): Promise<Seen> {
  latenciesMs = [];
  const beganMs = performance.now();
  await Promise.all(devices.map((device) => device.send(until)));
  const elapsedMs = performance.now() - beganMs;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const parts = bodies.flatMap((own) => own.slice(from, until));
  const bodyBytes = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { requests: sorted.length, bodyBytes, elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99) };
}
