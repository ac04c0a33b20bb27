/** A proxy in front of a Kinesis server that makes of it what a bad day makes of Kinesis. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to calls; chance is drawn for each record or call. */
export type KinesisFault =
  | { readonly kind: "none" }
  /** Records that the shard has no room for: `share` of them. */
  | { readonly kind: "throttling"; readonly share: number }
  /** Records that fail for no reason: `share` of them. */
  | { readonly kind: "partial failure"; readonly share: number }
  /** Calls answered 500, half of them although their records were put. */
  | { readonly kind: "500s" }
  /** PutRecords answered 503, everything else as ever. */
  | { readonly kind: "unavailable" }
  /** Connections reset: in the middle of the request, or of the answer; each time at another byte. */
  | { readonly kind: "resets" }
  /** Nothing is ever answered. */
  | { readonly kind: "black hole" }
  | { readonly kind: "latency"; readonly ms: number }
  /** Answers come byte by byte. */
  | { readonly kind: "slow drip"; readonly everyMs: number }
  /** Every record is said to have gone to a shard that nobody knows. */
  | { readonly kind: "wrong shard" }
  | { readonly kind: "expired credentials" };

/** What a shard takes in a second, counted as Kinesis counts. */
export interface ShardLimits {
  readonly shards: number;
  readonly bytesPerSecond: number;
  readonly recordsPerSecond: number;
}

interface PutRecordsBody {
  readonly Records: readonly {
    readonly Data: string;
    readonly PartitionKey: string;
    readonly ExplicitHashKey?: string;
  }[];
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const CONTENT_TYPE = "application/x-amz-json-1.1";

export class KinesisProxy {
  fault: KinesisFault = { kind: "none" };
  limits: ShardLimits | undefined;
  /** What DescribeStreamSummary says besides what the server says. */
  summary: Readonly<Record<string, unknown>> = {};
  /** Calls by their name, and records that were throttled. */
  readonly calls = new Map<string, number>();
  throttled = 0;
  readonly #target: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #server: Server;
  readonly #seconds = new Map<number, { second: number; bytes: number; records: number }>();
  #resets = 0;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#handle(incoming, response).catch(() => response.destroy());
    });
  }

  static async start(endpoint: string): Promise<KinesisProxy> {
    const proxy = new KinesisProxy(new URL(endpoint));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await once(this.#server, "close");
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = String(incoming.headers["x-amz-target"]).split(".").at(-1)!;
    this.calls.set(name, (this.calls.get(name) ?? 0) + 1);
    const { fault } = this;
    if (fault.kind === "resets" && this.#resets++ % 2 === 0) return this.#resetRequest(incoming);
    const body = await read(incoming);
    // What cannot be read cannot be meddled with: here Kinesis speaks JSON only, as kinesalite does.
    if (incoming.headers["content-type"]?.includes("cbor"))
      return send(response, error(400, "SerializationException"));
    if (fault.kind === "black hole") return;
    if (fault.kind === "expired credentials") return send(response, error(400, "ExpiredTokenException"));
    const answer = name === "PutRecords" ? await this.#put(incoming, body) : await this.#pass(incoming, body);
    if (fault.kind === "latency") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault.kind === "resets") return this.#resetAnswer(response, answer);
    if (fault.kind === "slow drip") return drip(response, answer, fault.everyMs);
    send(response, name === "DescribeStreamSummary" ? this.#summarised(answer) : answer);
  }

  async #put(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { fault } = this;
    if (fault.kind === "unavailable") return error(503, "ServiceUnavailable");
    if (fault.kind === "500s" && Math.random() < 0.5) return error(500, "InternalFailure");
    const given = JSON.parse(body.toString()) as PutRecordsBody;
    const codes = given.Records.map((record) => this.#codeFor(record));
    const passed = given.Records.filter((_, i) => codes[i] === undefined);
    const forwarded = Buffer.from(JSON.stringify({ ...given, Records: passed }));
    const answer = passed.length > 0 ? await this.#pass(incoming, forwarded) : empty();
    if (fault.kind === "500s") return error(500, "InternalFailure");
    if (answer.status !== 200) return answer;
    const taken = (JSON.parse(answer.body.toString()) as { Records: Record<string, string>[] }).Records;
    const results = codes.map((code) =>
      code === undefined ? taken.shift()! : { ErrorCode: code, ErrorMessage: "by the fault proxy" },
    );
    if (fault.kind === "wrong shard") for (const each of results) each.ShardId &&= "shardId-000000009999";
    const failed = codes.filter((code) => code !== undefined).length;
    return {
      status: 200,
      body: Buffer.from(JSON.stringify({ FailedRecordCount: failed, Records: results })),
    };
  }

  /** Why a record is not taken; undefined when it is. */
  #codeFor(record: PutRecordsBody["Records"][number]): string | undefined {
    const { fault, limits } = this;
    if (fault.kind === "partial failure" && Math.random() < fault.share) return "InternalFailure";
    const drawn = fault.kind === "throttling" && Math.random() < fault.share;
    if (!drawn && (!limits || this.#hasRoom(record, limits))) return undefined;
    this.throttled++;
    return "ProvisionedThroughputExceededException";
  }

  #hasRoom({ Data, PartitionKey, ExplicitHashKey }: PutRecordsBody["Records"][number], limits: ShardLimits) {
    const hash = ExplicitHashKey ?? `0x${createHash("md5").update(PartitionKey).digest("hex")}`;
    const shard = Number((BigInt(hash) * BigInt(limits.shards)) >> 128n);
    const second = Math.floor(performance.now() / 1_000);
    const known = this.#seconds.get(shard);
    const now = known?.second === second ? known : { second, bytes: 0, records: 0 };
    this.#seconds.set(shard, now);
    const bytes = Math.floor((Data.length * 3) / 4) + PartitionKey.length;
    if (now.bytes + bytes > limits.bytesPerSecond || now.records + 1 > limits.recordsPerSecond) return false;
    now.bytes += bytes;
    now.records++;
    return true;
  }

  async #pass(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const headers = { ...incoming.headers, "content-length": body.length };
    const options = { method: "POST", headers, agent: this.#agent };
    const outgoing = request(this.#target, options);
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 500, body: await read(answer) };
  }

  #summarised(answer: Answer): Answer {
    const parsed = JSON.parse(answer.body.toString()) as { StreamDescriptionSummary?: object };
    if (!parsed.StreamDescriptionSummary) return answer;
    const changed = { StreamDescriptionSummary: { ...parsed.StreamDescriptionSummary, ...this.summary } };
    return { ...answer, body: Buffer.from(JSON.stringify(changed)) };
  }

  async #resetRequest(incoming: IncomingMessage): Promise<void> {
    let left = (this.#resets * 997) % 40_000;
    for await (const chunk of incoming) {
      left -= (chunk as Buffer).length;
      if (left <= 0) break;
    }
    incoming.socket.resetAndDestroy();
  }

  #resetAnswer(response: ServerResponse, { status, body }: Answer): void {
    const head = `HTTP/1.1 ${status} OK\r\ncontent-type: ${CONTENT_TYPE}\r\ncontent-length: ${body.length}\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), body]);
    const part = whole.subarray(0, (this.#resets * 37) % whole.length);
    const { socket } = response;
    socket?.write(part, () => setImmediate(() => socket.resetAndDestroy()));
  }
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const empty = (): Answer => ({ status: 200, body: Buffer.from('{"Records":[]}') });

function error(status: number, name: string): Answer {
  return { status, body: Buffer.from(JSON.stringify({ __type: name, message: "by the fault proxy" })) };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": CONTENT_TYPE, "content-length": body.length }).end(body);
}

async function drip(response: ServerResponse, { status, body }: Answer, everyMs: number): Promise<void> {
  response.writeHead(status, { "content-type": CONTENT_TYPE, "content-length": body.length });
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  response.end();
}
