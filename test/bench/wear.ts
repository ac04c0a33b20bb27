/**
 * What a speaker's flash takes for its events: the sectors that an ext4 of its own (on a loop device, so root is needed)
 * hands to the block device below it, per byte of events, everything synced at both ends.
 *
 *   pnpm bench:wear [--json] [--seconds 60] [--rate 250] [--runs 3]
 *
 * `stream`: plays of thirteen fields at a steady rate, through `createTelemetry` with default options, to a server that
 * accepts them. `stream, smaller groups`: the same with commits of 50 events. `commit`: what one commit of so many bytes
 * costs, the mean of 200 of them one after the other in a file log; `SYNC_COST_BYTES` in `sdk/src/node/wear-budget.ts`
 * stands on it.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createTelemetry, type TelemetryOptions } from "@tonearm/sdk";
import { FileLog, NORMAL, NodeDisk } from "@tonearm/sdk/file-log";
import { newEpochId, systemClock } from "@tonearm/sdk/ports";
import { playOf } from "./sdk/contender.ts";
import { type Medium, makeMedium } from "./sdk/medium.ts";
import { makePlays } from "./sdk/plays.ts";

interface Wear {
  readonly what: string;
  readonly events: number;
  readonly commits: number;
  readonly eventBytes: number;
  readonly deviceBytes: number;
}

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    json: { type: "boolean", default: false },
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "250" },
    runs: { type: "string", default: "3" },
  },
});
const COMMITS = 200;
const COMMIT_BYTES = [512, 4_096, 16_384, 65_536, 131_072];

const medium = makeMedium();
const found: Wear[] = [];
try {
  if (medium.sectorBytes() === undefined)
    throw new Error("no loop device can be mounted here; this benchmark needs root");
  for (let run = 0; run < Number(values.runs); run++) {
    found.push(await stream("stream", {}));
    found.push(await stream("stream, smaller groups", { commitEventsMax: 50, commitBytesMax: 32_768 }));
    for (const bytes of COMMIT_BYTES) found.push(await commits(bytes));
  }
} finally {
  medium.remove();
}
if (values.json) console.log(JSON.stringify(found.map(withFigures), undefined, 2));
else console.table(found.map(withFigures));

function withFigures(wear: Wear) {
  return {
    ...wear,
    devicePerEventByte: Number((wear.deviceBytes / wear.eventBytes).toFixed(2)),
    devicePerCommit: Math.round(wear.deviceBytes / wear.commits),
  };
}

/** Device bytes of what `work` does. */
async function deviceBytesOf({ sectorBytes }: Medium, work: () => Promise<void>): Promise<number> {
  const before = sectorBytes()!;
  await work();
  return sectorBytes()! - before;
}

async function stream(what: string, tuning: Partial<TelemetryOptions>): Promise<Wear> {
  const relay = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.end(JSON.stringify({ acked_through: acked, durable: "stream" })));
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  const events = Number(values.seconds) * Number(values.rate);
  const plays = makePlays(events);
  let acked = 0;
  let commitCount = 0;
  let eventBytes = 0;
  const deviceBytes = await deviceBytesOf(medium, async () => {
    const telemetry = createTelemetry({
      endpoint: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
      device: "RINCON_00DEAD0001",
      directory: medium.fresh(),
      ...tuning,
    });
    telemetry.on("durable", () => commitCount++);
    telemetry.on("sent", ({ throughSeq, bytes }) => {
      acked = throughSeq;
      eventBytes += bytes;
    });
    await telemetry.ready;
    const beganMs = performance.now();
    for (let at = 0; at < events; await sleep(4)) {
      const due = Math.ceil(((performance.now() - beganMs) * Number(values.rate)) / 1_000);
      for (const end = Math.min(due, events); at < end; at++) telemetry.record("listened", playOf(plays, at));
    }
    await telemetry.close();
  });
  relay.close();
  return { what, events, commits: commitCount, eventBytes, deviceBytes };
}

async function commits(bytes: number): Promise<Wear> {
  const log = new FileLog({
    disk: new NodeDisk(medium.fresh()),
    clock: systemClock,
    spelling: 1,
    segmentBytes: 262_144,
    storeBytesMax: 2 ** 30,
    storeEventsMax: 2 ** 30,
    freeBytesMin: 0,
    onDamage: () => undefined,
    onQuarantine: () => undefined,
  });
  const epoch = newEpochId(systemClock);
  await log.open("d", epoch);
  const deviceBytes = await deviceBytesOf(medium, async () => {
    for (let seq = 1; seq <= COMMITS; seq++) {
      const entry = { seq, priority: NORMAL, bytes: randomBytes(bytes - 32) };
      const appended = await log.append([entry]);
      if (!appended.ok) throw appended.error;
      await log.acknowledge(epoch, seq - 1);
    }
  });
  await log.close();
  return {
    what: `commit of ${bytes} bytes`,
    events: COMMITS,
    commits: COMMITS,
    eventBytes: COMMITS * bytes,
    deviceBytes,
  };
}
