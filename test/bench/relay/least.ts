/**
 * The least that an honest relay does on `node:http`: looks who writes, reads the body, inflates it, decodes and checks every
 * event, puts what goes into the stream together, hashes it twice, sends it on over HTTP, and answers only when that has been
 * taken. Nothing else: no limits, no fairness, no resends, no retries, no order, no shards, no figures. Its records are
 * collected for as long as the relay's are by default. Arguments: events in a batch, a write key, the endpoint's URL.
 */
import { createHash, hash, timingSafeEqual } from "node:crypto";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync } from "node:zlib";
import { decodeColumnsBatch, decodeMsgpackBatch } from "@tonearm/relay/ingest";
import { MEDIA_COLUMNS } from "@tonearm/sdk/wire";
import { Encoder } from "cbor-x";

const AGGREGATE_BYTES = 51_100;
const AGGREGATE_AGE_MS = 200;
const HEADERS = {
  "content-type": "application/x-amz-cbor-1.1",
  "x-amz-target": "Kinesis_20131202.PutRecords",
};

const [batchText = "1", key = "", endpoint = ""] = process.argv.slice(2);
const batchEvents = Number(batchText);
const cbor = new Encoder({ useRecords: false, variableMapSize: true });
const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();
const keyDigest = digestOf(`Bearer ${key}`);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const answered = new WeakMap<object, number>();

let records: Uint8Array[] = [];
let bytes = 0;
let answers: (() => void)[] = [];
let timer: NodeJS.Timeout | undefined;

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    collect(incoming, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    answers.push(() => {
      const through = (answered.get(incoming.socket) ?? 0) + batchEvents;
      answered.set(incoming.socket, through);
      const body = JSON.stringify({ acked_through: through, durable: "stream", server_time: Date.now() });
      response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
      response.end(body);
    });
    if (bytes >= AGGREGATE_BYTES) flush();
    else timer ??= setTimeout(flush, AGGREGATE_AGE_MS);
  });
});
server.listen(0, "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
process.on("SIGTERM", () => process.exit(0));

/** @throws Error for a stranger, or what is no batch: the load sends neither. */
function collect({ headers }: IncomingMessage, body: Buffer): void {
  if (!timingSafeEqual(digestOf(headers.authorization ?? ""), keyDigest)) throw new Error("a stranger");
  const plain =
    headers["content-encoding"] === "br"
      ? brotliDecompressSync(body, { chunkSize: Math.max(65_536, 16 * body.length) })
      : body;
  const decode = headers["content-type"] === MEDIA_COLUMNS ? decodeColumnsBatch : decodeMsgpackBatch;
  const batch = decode(plain, Date.now());
  records.push(batch.records.bytes);
  bytes += batch.records.bytes.length;
}

function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  const data = Buffer.concat([...records, hash("md5", Buffer.concat(records), "buffer")]);
  const done = answers;
  [records, answers, bytes] = [[], [], 0];
  const body = cbor.encode({ StreamName: "tonearm", Records: [{ PartitionKey: "a", Data: data }] });
  const signature = hash("sha256", body);
  const out = request(endpoint, {
    method: "POST",
    agent,
    headers: { ...HEADERS, "content-length": body.length, authorization: `AWS4-HMAC-SHA256 ${signature}` },
  });
  out.on("response", (reply) => {
    reply.resume();
    reply.on("end", () => {
      for (const answer of done) answer();
    });
  });
  out.end(body);
}
