/**
 * What a call of PutRecords costs this process, all threads: making the body, signing it, sending it, reading the answer.
 * JSON, which is all that AWS's SDK speaks by itself, and CBOR, turn and turn about, to a server in a process of its own.
 *
 *   pnpm bench put [--json] [--rounds 15]
 */
import { parseArgs } from "node:util";
import { makeClient } from "@tonearm/relay";
import { putterFor, quickestClient } from "@tonearm/relay/put";
import { systemClock } from "@tonearm/sdk/ports";
import { answerOf, startChild } from "./relay/processes.ts";
import { describeMachine } from "./sdk/table.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "15" } },
});
const rounds = Number(values.rounds);
const WARM_ROUNDS = 3;
const CALLS_IN_ROUND = 4;
const STREAM = "bench";
const KIB = 1_024;
/** Records in a call, and bytes of each. */
const CALLS = [
  { records: 100, bytes: 50 * KIB },
  { records: 500, bytes: 10 * KIB },
  { records: 500, bytes: KIB },
  { records: 10, bytes: 50 * KIB },
] as const;

const endpoint = startChild("endpoint.ts", []);
const { port } = (await answerOf(endpoint)) as { port: number };
const target = {
  region: "us-east-1",
  endpoint: `http://127.0.0.1:${port}`,
  credentials: { accessKeyId: "benchmark", secretAccessKey: "benchmark" },
};
const json = makeClient(target, { requestTimeoutMs: 60_000, connectionsMax: 4 });
const cbor = await quickestClient(json, STREAM, console);
const puts = {
  JSON: putterFor(json, STREAM, systemClock, 60_000),
  CBOR: putterFor(cbor, STREAM, systemClock, 60_000),
};

const results: { records: number; bytes: number; protocol: string; cpuMs: number[] }[] = [];
for (const call of CALLS) results.push(...(await measure(call)));
endpoint.kill();
json.destroy();
if (values.json) console.log(JSON.stringify({ ...describeMachine(), rounds, results }, undefined, 2));
else print();

async function measure({ records, bytes }: (typeof CALLS)[number]) {
  const entries = Array.from({ length: records }, (_, i) => ({
    partitionKey: "a",
    explicitHashKey: String(2n ** 100n * BigInt(i)),
    data: Buffer.alloc(bytes, `{"record":${i}}`),
    shardId: "",
    lane: "live" as const,
    deliveries: [],
    userRecords: 100,
  }));
  const cpuMs = { JSON: [] as number[], CBOR: [] as number[] };
  for (let round = -WARM_ROUNDS; round < rounds; round++) {
    for (const protocol of ["JSON", "CBOR"] as const) {
      const before = process.cpuUsage();
      for (let i = 0; i < CALLS_IN_ROUND; i++) {
        const answer = await puts[protocol](entries);
        if (answer.kind !== "answered") throw new Error(`a call was ${answer.kind}: ${String(answer.error)}`);
      }
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) cpuMs[protocol].push((user + system) / 1_000 / CALLS_IN_ROUND);
    }
    endpoint.send("forget");
  }
  return Object.entries(cpuMs).map(([protocol, all]) => ({ records, bytes, protocol, cpuMs: all }));
}

function print(): void {
  const { cores, node, date } = describeMachine();
  console.log(
    `CPU ms per call, median and least–greatest of ${rounds} rounds; ${cores} cores, Node ${node}, ${date}.\n`,
  );
  console.log("| records in a call | JSON | CBOR | JSON / CBOR |\n| --- | --- | --- | --- |");
  for (const { records, bytes } of CALLS) {
    const [first, second] = ["JSON", "CBOR"].map((protocol) => {
      const own = results.find(
        (each) => each.records === records && each.bytes === bytes && each.protocol === protocol,
      );
      return own!.cpuMs.toSorted((a, b) => a - b);
    });
    const median = (sorted: number[]) => sorted[(sorted.length - 1) >>> 1]!;
    const cell = (sorted: number[]) =>
      `${median(sorted).toFixed(2)} (${sorted[0]!.toFixed(2)}–${sorted.at(-1)!.toFixed(2)})`;
    const ratio = (median(first!) / median(second!)).toFixed(1);
    console.log(`| ${records} × ${bytes / KIB} KiB | ${cell(first!)} | ${cell(second!)} | ${ratio} |`);
  }
}
