/**
 * The floor: what no relay can do without, done as cheaply as Node can and nothing besides: every body is inflated, into room
 * that is made for it at once (which takes less than half of what Node takes when it has to find out the size), and
 * the bytes that go into the stream are hashed twice, with MD5 for their aggregate and with SHA-256 for the request's signature.
 * Argument: a workload as JSON. Tells the CPU time of its measured part.
 */
import { hash } from "node:crypto";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { decodeMsgpackBatch } from "@tonearm/relay/ingest";
import { type Body, bodiesOf, type Workload } from "./workload.ts";

const AGGREGATE_BYTES = 51_100;
/** Room that Node makes for what comes out, as often as it takes. */
const NODES_OWN_BYTES = 16_384;

const workload = JSON.parse(process.argv[2]!) as Workload;
const bodies = Array.from({ length: workload.devices }, (_, i) => bodiesOf(workload, i)).flat();
const sizes = bodies.map((body) => inflated(body).length);
// What the stream holds is the same in every encoding.
const spelled = Array.from({ length: workload.devices }, (_, i) =>
  bodiesOf({ ...workload, encoding: "zstd" }, i),
).flat();
const records = Buffer.concat(
  spelled.map((body) => decodeMsgpackBatch(inflated(body), 1_763_840_999_000).records.bytes),
);

run();
const { user, system } = process.cpuUsage();
run();
const after = process.cpuUsage({ user, system });
const events = bodies.length * workload.batchEvents;
process.send!({ cpuMicrosPerEvent: (after.user + after.system) / events });
process.disconnect();

function run(): void {
  for (const [i, body] of bodies.entries()) inflated(body, sizes[i]! + 1);
  for (let at = 0; at < records.length; at += AGGREGATE_BYTES) {
    const aggregate = records.subarray(at, at + AGGREGATE_BYTES);
    hash("md5", aggregate, "buffer");
    hash("sha256", aggregate, "buffer");
  }
}

function inflated({ encoding, bytes }: Body, chunkSize = NODES_OWN_BYTES): Buffer {
  if (encoding === "identity") return bytes;
  const inflate = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync }[encoding];
  return inflate(bytes, { chunkSize });
}
