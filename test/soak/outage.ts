/**
 * `pnpm soak:outage [minutes] [--events-per-second N]`: an outage of Kinesis under load, ten minutes of some 2,500 events a
 * second unless told otherwise. Prints a report, and ends with 1 if an event was lost or spoilt, the relay died, its book is
 * wrong, somebody was refused, or its memory was not flat within 10 %.
 *
 * With `--events-per-second` the stream is one that counts what comes and keeps nothing, so that its size is no limit. The
 * spool needs some 350 bytes of disk for an event. More than the relay takes is no mistake: then it gets all it takes.
 */
import { parseArgs } from "node:util";
import { tally, tell } from "@tonearm/sdk/testing";
import { cleanUp } from "../support/devices.ts";
import { runOutage } from "../support/outage-run.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "events-per-second": { type: "string" } },
});
const minutes = Number(positionals[0] ?? 10);
const eventsPerSecond = Number(values["events-per-second"] ?? 2_500);
if (!(minutes > 0) || !(eventsPerSecond > 0))
  throw new Error("expected soak:outage [minutes] [--events-per-second N], both numbers above 0");
const outageMs = minutes * 60_000;
const BATCH_EVENTS = 50;
/** So many that none of them comes near what one device may send, and no more than one process can play. */
const devices = Math.min(1_000, Math.max(100, Math.ceil(eventsPerSecond / 100)));
const report = await runOutage({
  server: values["events-per-second"] === undefined ? "kinesalite" : "counting",
  outageMs,
  faultMs: 10_000,
  devices,
  batchEvents: BATCH_EVENTS,
  pauseMs: (devices * BATCH_EVENTS * 1_000) / eventsPerSecond,
  drainMsMax: outageMs * 4 + 60_000,
});
await cleanUp();
console.log(JSON.stringify({ minutes, devices, ...report }, null, 2));
const { lost, spoilt, imbalance, exitCode, answers, rssFirst, rssLast } = report;
const isFlat = Math.abs(rssLast / rssFirst - 1) <= 0.1;
const refused = Object.keys(answers).filter((name) => name !== "stream" && name !== "spool");
const isWrong = lost > 0 || spoilt > 0 || imbalance !== 0 || exitCode !== 0 || refused.length > 0;
tally(report.acknowledged);
if (isWrong || !isFlat) {
  process.exitCode = 1;
  const what = JSON.stringify({ lost, spoilt, imbalance, exitCode, refused, rssFirst, rssLast });
  tell({ kind: "violation", what, again: `pnpm soak:outage ${minutes}` });
}
