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
import { JSON_SPELLING, type KinesisSpelling, spellingOf } from "./kinesis-spelling.ts";

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

export interface ProxyOptions {
  /** Whether it takes CBOR too, as Kinesis does. Default: JSON only, as kinesalite. */
  readonly takesCbor?: boolean;
  /** Whether the server behind it does: else it is spoken to in JSON, whatever comes in. */
  readonly serverTakesCbor?: boolean;
}

interface PutRecordsBody {
  /** Data in JSON's spelling. */
  readonly Records: readonly {
    readonly Data: string;
    readonly PartitionKey: string;
    readonly ExplicitHashKey?: string;
  }[];
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

interface Call {
  readonly name: string;
  readonly incoming: IncomingMessage;
  readonly spelling: KinesisSpelling;
  readonly body: Buffer;
}

export class KinesisProxy {
  fault: KinesisFault = { kind: "none" };
  limits: ShardLimits | undefined;
  /** What DescribeStreamSummary says besides what the server says. */
  summary: Readonly<Record<string, unknown>> = {};
  /** Calls by their name, and records that were throttled. */
  readonly calls = new Map<string, number>();
  throttled = 0;
  /** Calls of PutRecords that came in CBOR. */
  cborPuts = 0;
  readonly #target: URL;
  readonly #options: ProxyOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #server: Server;
  readonly #seconds = new Map<number, { second: number; bytes: number; records: number }>();
  #resets = 0;

  private constructor(target: URL, options: ProxyOptions) {
    this.#target = target;
    this.#options = options;
    this.#server = createServer((incoming, response) => {
      this.#handle(incoming, response).catch(() => response.destroy());
    });
  }

  static async start(endpoint: string, options: ProxyOptions = {}): Promise<KinesisProxy> {
    const proxy = new KinesisProxy(new URL(endpoint), options);
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
    const spelling = spellingOf(incoming.headers["content-type"]);
    if (spelling !== JSON_SPELLING && !this.#options.takesCbor)
      return send(response, error(spelling, 400, "SerializationException"));
    if (fault.kind === "black hole") return;
    if (fault.kind === "expired credentials")
      return send(response, error(spelling, 400, "ExpiredTokenException"));
    const call = { name, incoming, spelling, body };
    const answer = name === "PutRecords" ? await this.#put(call) : await this.#pass(call);
    if (fault.kind === "latency") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault.kind === "resets") return this.#resetAnswer(response, answer);
    if (fault.kind === "slow drip") return drip(response, answer, fault.everyMs);
    send(response, name === "DescribeStreamSummary" ? this.#summarised(spelling, answer) : answer);
  }

  async #put(call: Call): Promise<Answer> {
    const { fault } = this;
    const { spelling, body } = call;
    if (spelling !== JSON_SPELLING) this.cborPuts++;
    if (fault.kind === "unavailable") return error(spelling, 503, "ServiceUnavailable");
    if (fault.kind === "500s" && Math.random() < 0.5) return error(spelling, 500, "InternalFailure");
    // Nothing is to be done to records: nobody looks at them.
    if (fault.kind === "none" && !this.limits) return this.#pass(call);
    const given = plain(spelling, body) as PutRecordsBody;
    const codes = given.Records.map((record) => this.#codeFor(record));
    const passed = given.Records.filter((_, i) => codes[i] === undefined);
    const forwarded = {
      ...call,
      spelling: JSON_SPELLING,
      body: JSON_SPELLING.encode({ ...given, Records: passed }),
    };
    const answer = passed.length > 0 ? await this.#pass(forwarded) : NOTHING_PUT;
    if (fault.kind === "500s") return error(spelling, 500, "InternalFailure");
    if (answer.status !== 200) return translated(answer, spelling);
    const taken = (JSON.parse(answer.body.toString()) as { Records: Record<string, string>[] }).Records;
    const results = codes.map((code) =>
      code === undefined ? taken.shift()! : { ErrorCode: code, ErrorMessage: "by the fault proxy" },
    );
    if (fault.kind === "wrong shard") for (const each of results) each.ShardId &&= "shardId-000000009999";
    const failed = codes.filter((code) => code !== undefined).length;
    return answerIn(spelling, 200, { FailedRecordCount: failed, Records: results });
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

  /** Has the server answer, in a spelling that it knows. */
  async #pass({ incoming, spelling, body }: Call): Promise<Answer> {
    const spoken = this.#options.serverTakesCbor ? spelling : JSON_SPELLING;
    const passed = spoken === spelling ? body : spoken.encode(plain(spelling, body) as object);
    const headers = {
      ...incoming.headers,
      "content-type": spoken.contentType,
      "content-length": passed.length,
    };
    const outgoing = request(this.#target, { method: "POST", headers, agent: this.#agent });
    outgoing.end(passed);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const { contentType } = spoken;
    return translated({ status: answer.statusCode ?? 500, contentType, body: await read(answer) }, spelling);
  }

  #summarised(spelling: KinesisSpelling, answer: Answer): Answer {
    const parsed = spelling.decode(answer.body) as { StreamDescriptionSummary?: object };
    if (!parsed.StreamDescriptionSummary) return answer;
    const changed = { ...parsed.StreamDescriptionSummary, ...this.summary };
    return answerIn(spelling, 200, { StreamDescriptionSummary: changed });
  }

  async #resetRequest(incoming: IncomingMessage): Promise<void> {
    let left = (this.#resets * 997) % 40_000;
    for await (const chunk of incoming) {
      left -= (chunk as Buffer).length;
      if (left <= 0) break;
    }
    incoming.socket.resetAndDestroy();
  }

  #resetAnswer(response: ServerResponse, { status, contentType, body }: Answer): void {
    const head = `HTTP/1.1 ${status} OK\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n`;
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

/** A request's fields as JSON spells them. */
function plain(spelling: KinesisSpelling, body: Buffer): unknown {
  const fields = spelling.decode(body) as { readonly Records?: readonly { readonly Data: unknown }[] };
  if (spelling === JSON_SPELLING || !fields.Records) return fields;
  const records = fields.Records.map((record) => ({
    ...record,
    Data: JSON_SPELLING.dataOf(spelling.bytesOf(record.Data)),
  }));
  return { ...fields, Records: records };
}

function answerIn(spelling: KinesisSpelling, status: number, value: object): Answer {
  return { status, contentType: spelling.contentType, body: spelling.encode(value) };
}

function translated(answer: Answer, spelling: KinesisSpelling): Answer {
  if (answer.contentType === spelling.contentType) return answer;
  return answerIn(spelling, answer.status, JSON_SPELLING.decode(answer.body) as object);
}

const NOTHING_PUT = answerIn(JSON_SPELLING, 200, { Records: [] });

const error = (spelling: KinesisSpelling, status: number, name: string): Answer =>
  answerIn(spelling, status, { __type: name, message: "by the fault proxy" });

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { "content-type": contentType, "content-length": body.length }).end(body);
}

async function drip(
  response: ServerResponse,
  { status, contentType, body }: Answer,
  everyMs: number,
): Promise<void> {
  response.writeHead(status, { "content-type": contentType, "content-length": body.length });
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  response.end();
}
