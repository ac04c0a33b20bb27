/**
 * Ways to share a port out over two processes or two threads: what a connection costs, and a request, with a bare server.
 *
 *   pnpm bench workers [--runs 3]
 */
import { parseArgs } from "node:util";
import type { Seen } from "./relay/load.ts";
import { answerOf, cpuMs, serve, startChild } from "./relay/processes.ts";
import { eventsOf, type Workload } from "./relay/workload.ts";
import { describeMachine } from "./sdk/table.ts";

const WAYS = ["cluster-rr", "cluster-none", "processes", "threads"];
const WORKLOAD: Workload = { batchEvents: 1, devices: 1_000, warmBatches: 10, batches: 30, encoding: "zstd" };
const SERVER = "test/bench/relay/shared-port.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: "string", default: "3" } },
});
const { cores, node, date } = describeMachine();
console.log(`${WORKLOAD.devices} connections; ${cores} cores, Node ${node}, ${date}.\n`);
console.log(
  "| | µs CPU per connection | µs CPU per request | requests a second by the clock |\n| --- | --- | --- | --- |",
);
for (let run = 0; run < Number(values.runs); run++) for (const how of WAYS) await measure(how);

async function measure(how: string): Promise<void> {
  const server = await serve([SERVER, how]);
  const startedMs = cpuMs(server.pid);
  const load = startChild("load.ts", [JSON.stringify(WORKLOAD), server.url, "unused-key"]);
  await answerOf(load);
  const connectedMs = cpuMs(server.pid);
  load.send("warm");
  await answerOf(load);
  const beforeMs = cpuMs(server.pid);
  load.send("measure");
  const { requests, elapsedMs } = (await answerOf(load)) as Seen;
  const perRequest = ((cpuMs(server.pid) - beforeMs) * 1_000) / eventsOf(WORKLOAD);
  const perConnection = ((connectedMs - startedMs) * 1_000) / WORKLOAD.devices;
  const perSecond = (requests * 1_000) / elapsedMs;
  console.log(
    `| ${how} | ${perConnection.toFixed(0)} | ${perRequest.toFixed(1)} | ${perSecond.toFixed(0)} |`,
  );
  load.kill();
  await server.stop();
}
