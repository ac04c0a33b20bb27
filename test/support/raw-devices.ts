/** Devices of a few lines: they number, send one batch at a time, and remember what was acknowledged. */
import { Agent, request } from "node:http";

interface RawOptions {
  /** What their names begin with; default: "d". */
  readonly prefix?: string;
  readonly count: number;
  readonly batchEvents: number;
  /** Bytes of each event's data, more or less. */
  readonly eventBytes: number;
  /** From a batch to the next one; when its answer takes longer, the next follows at once. */
  readonly pauseMs: number;
  /** A refused device waits what it is told, but no longer. */
  readonly waitMsMax: number;
}

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly body: { readonly acked_through?: number; readonly durable?: string; readonly code?: string };
}

const ANSWER_MS_MAX = 30_000;
const WAITS_MAX = 100_000;

export class RawDevices {
  /** Everything up to this number was acknowledged, by device. */
  readonly acked = new Map<string, number>();
  /** Answers by where the batch was durable, by refusal code, or `none` when there was none. */
  readonly answers = new Map<string, number>();
  /** How long a 200 took, in ms: of all of them, or of a sample that is even over time. */
  waits: number[] = [];
  #waitsEvery = 1;
  #accepted = 0;
  readonly #options: RawOptions;
  readonly #agent: Agent;
  readonly #loops: Promise<void>[];
  #url: string;
  #stopped = false;

  constructor(url: string, options: RawOptions) {
    this.#url = url;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.count });
    this.#loops = Array.from({ length: options.count }, (_, i) => this.#live(`${options.prefix ?? "d"}${i}`));
  }

  /** Where the relay is from now on. */
  set url(url: string) {
    this.#url = url;
  }

  get epoch(): string {
    return "raw-epoch";
  }

  /** Events acknowledged. */
  get events(): number {
    return [...this.acked.values()].reduce((sum, seq) => sum + seq, 0);
  }

  /** Sends nothing new; what was sent and not answered is not asked after any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #live(device: string): Promise<void> {
    const { batchEvents, pauseMs, waitMsMax } = this.#options;
    await sleep(Math.random() * pauseMs);
    while (!this.#stopped) {
      const firstSeq = (this.acked.get(device) ?? 0) + 1;
      const began = performance.now();
      const answer = await this.#post(this.#batch(device, firstSeq, batchEvents));
      const name = answer?.body.durable ?? answer?.body.code ?? "none";
      this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
      if (answer?.status === 200) {
        this.acked.set(device, answer.body.acked_through!);
        const tookMs = performance.now() - began;
        this.#sample(tookMs);
        await sleep(Math.max(0, pauseMs - tookMs));
      } else await sleep(Math.min(waitMsMax, answer?.retryAfterMs || 50));
    }
  }

  #sample(tookMs: number): void {
    if (this.#accepted++ % this.#waitsEvery !== 0) return;
    this.waits.push(tookMs);
    if (this.waits.length < WAITS_MAX) return;
    this.waits = this.waits.filter((_, i) => i % 2 === 0);
    this.#waitsEvery *= 2;
  }

  #batch(device: string, firstSeq: number, count: number): string {
    const header = JSON.stringify({ v: 1, device, epoch: this.epoch, first_seq: firstSeq, count });
    const text = "x".repeat(this.#options.eventBytes);
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify(["tick", Date.now(), 0, null, { n: firstSeq + i, text }]),
    );
    return `${[header, ...lines].join("\n")}\n`;
  }

  #post(body: string): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const outgoing = request(`${this.#url}/v1/batches`, {
        method: "POST",
        agent: this.#agent,
        headers: { "content-type": "application/x-ndjson", "content-length": Buffer.byteLength(body) },
        timeout: ANSWER_MS_MAX,
      });
      const none = () => resolve(undefined);
      outgoing.on("error", none);
      outgoing.on("timeout", () => outgoing.destroy());
      outgoing.on("response", (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk) => {
          text += chunk;
        });
        incoming.on("error", none);
        incoming.on("end", () => {
          const retryAfterMs = Number(incoming.headers["retry-after"] ?? 0) * 1_000;
          try {
            resolve({ status: incoming.statusCode ?? 0, retryAfterMs, body: JSON.parse(text) });
          } catch {
            none();
          }
        });
      });
      outgoing.end(body);
    });
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
