/**
 * `pnpm soak:outage [minutes]`: an outage of Kinesis under load, ten minutes unless told otherwise. Prints a report, and ends
 * with 1 if an event was lost, the relay died, its book is wrong, somebody was refused, or its memory was not flat within 10 %.
 */
import { cleanUp } from "../support/devices.ts";
import { runOutage } from "../support/outage-run.ts";

const minutes = Number(process.argv[2] ?? 10);
const outageMs = minutes * 60_000;
const report = await runOutage({
  outageMs,
  faultMs: 10_000,
  devices: 100,
  batchEvents: 50,
  pauseMs: 2_000,
  drainMsMax: outageMs * 4 + 60_000,
});
await cleanUp();
console.log(JSON.stringify({ minutes, ...report }, null, 2));
const { lost, imbalance, exitCode, answers, rssFirst, rssLast } = report;
const isFlat = Math.abs(rssLast / rssFirst - 1) <= 0.1;
const refused = Object.keys(answers).filter((name) => name !== "stream" && name !== "spool");
if (lost > 0 || imbalance !== 0 || exitCode !== 0 || refused.length > 0 || !isFlat) process.exitCode = 1;
