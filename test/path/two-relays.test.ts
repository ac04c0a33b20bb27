import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, until } from "../support/devices.ts";
import { KinesisProxy } from "../support/kinesis-proxy.ts";
import { freshStream, startServer } from "../support/kinesis-servers.ts";
import { lostOf } from "../support/outage-run.ts";
import { RawDevices } from "../support/raw-devices.ts";
import { startTestRelay } from "../support/relays.ts";

/** A shard that is easily filled; relays begin with what a real one takes. */
const LIMITS = { shards: 1, bytesPerSecond: 262_144, recordsPerSecond: 1_000 };
const LOAD = { count: 24, batchEvents: 4, eventBytes: 800, pauseMs: 0, waitMsMax: 500 };
/** Small records, so that there are many of them in a second. */
const SMALL = { aggregateBytesMax: 4_096 };
const WARM_UP_MS = 3_000;
const MEASURED_MS = 4_000;

afterAll(cleanUp);

describe("two relays that want all of one shard, on kinesis-local", () => {
  it("learn how much of it each may have, and lose nothing", async () => {
    const server = await startServer("kinesis-local");
    const proxy = await KinesisProxy.start(server.endpoint);
    try {
      const stream = await freshStream(server, 1);
      proxy.limits = LIMITS;
      const relays = await Promise.all([1, 2].map(() => startTestRelay(proxy, stream, SMALL)));
      const fleets = relays.map(({ url }, i) => new RawDevices(url, { ...LOAD, prefix: `r${i}-` }));
      await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
      const before = relays.map(({ pipeline: { meter } }) => ({
        bytes: meter.bytes,
        records: meter.records,
      }));
      const throttled = proxy.throttled;
      await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
      const taken = relays.map(({ pipeline }, i) => pipeline.meter.bytes - before[i]!.bytes);
      const records = relays.map(({ pipeline }, i) => pipeline.meter.records - before[i]!.records);
      const refused = proxy.throttled - throttled;
      console.log({ taken, records, refused });
      const total = taken[0]! + taken[1]!;
      for (const bytes of taken) expect(bytes / total).toBeGreaterThan(0.25);
      // Without learning, nine records of ten would be throttled.
      expect(refused).toBeLessThan((records[0]! + records[1]!) / 2);
      for (const { pipeline } of relays) expect(pipeline.breaker.kind).toBe("closed");
      proxy.limits = undefined;
      await Promise.all(fleets.map((fleet) => fleet.stop()));
      await until("all has arrived", () => relays.every(({ pipeline }) => pipeline.book.inFlight === 0));
      for (const relay of relays) await relay.stop();
      const { ledger, totals } = await audit(server.client, stream, systemClock);
      expect(fleets.map((fleet) => lostOf(fleet, ledger))).toEqual([0, 0]);
      expect(totals.duplicates).toBe(0);
    } finally {
      await proxy.close();
      await server.stop();
    }
  });
});
