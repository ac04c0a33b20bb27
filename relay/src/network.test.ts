import { createTelemetry, type Telemetry, type TelemetryOptions } from "@tonearm/sdk";
import { systemClock } from "@tonearm/sdk/ports";
import { chosenSeed, tally } from "@tonearm/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { checkConfig } from "./config/check.ts";
import { deaggregate } from "./read/deaggregate.ts";
import { Ledger } from "./read/ledger.ts";
import { startRelay } from "./relay.ts";
import { type Cut, CuttingProxy } from "./testing/cutting-proxy.ts";
import { SILENT } from "./testing/pipelines.ts";
import { scriptedClient } from "./testing/scripted-client.ts";

const SHARD = {
  ShardId: "shard-0",
  HashKeyRange: { StartingHashKey: "0", EndingHashKey: String(2n ** 128n - 1n) },
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A stream that keeps the books of what was put into it. */
function countingStream() {
  const ledger = new Ledger();
  let disorder = 0;
  const lastSeqs = new Map<string, number>();
  const take = (data: Uint8Array) => {
    for (const { data: line } of deaggregate({ partitionKey: "", data }).userRecords) {
      const record = JSON.parse(Buffer.from(line).toString());
      const lastSeq = lastSeqs.get(record.device) ?? 0;
      if (ledger.add(record) && record.seq < lastSeq) disorder++;
      lastSeqs.set(record.device, Math.max(lastSeq, record.seq));
    }
  };
  const client = scriptedClient({
    ListShards: () => ({ Shards: [SHARD] }),
    DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
    PutRecords: ({ Records }) => {
      const records = Records as { readonly Data: Uint8Array }[];
      for (const { Data } of records) take(Data);
      return {
        FailedRecordCount: 0,
        Records: records.map(() => ({ ShardId: "shard-0", SequenceNumber: "1" })),
      };
    },
  });
  return { client, ledger, disorder: () => disorder };
}

/** A real relay on a stream. */
async function relayOn(stream: ReturnType<typeof countingStream>) {
  // The device sends more than a real one's share; to wait for that would be most of the test.
  const config = checkConfig({
    insecure: true,
    port: 0,
    aggregateAgeMs: 1,
    collectMs: 0,
    deviceBytesPerSecond: 2 ** 30,
    deviceBurstBytes: 2 ** 30,
  });
  const relay = await startRelay(config, stream.client, systemClock, SILENT);
  ends.push(() => relay.stop());
  return relay;
}

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port);

async function proxyTo(relay: { readonly url: string }) {
  const proxy = new CuttingProxy(portOf(relay));
  const port = await proxy.listen();
  ends.push(() => proxy.close());
  return { proxy, port };
}

/** A real relay on a counting stream, and a proxy in front of it. */
async function path() {
  const stream = countingStream();
  const relay = await relayOn(stream);
  return { stream, relay, ...(await proxyTo(relay)) };
}

function speaker(port: number, options: Partial<TelemetryOptions> = {}): Telemetry {
  const telemetry = createTelemetry({
    endpoint: `http://127.0.0.1:${port}`,
    device: "d1",
    directory: false,
    flushIntervalMs: 60_000,
    commitIntervalMs: 1,
    backoffBaseMs: 1,
    backoffMaxMs: 2,
    recoverySpreadMs: 0,
    ...options,
  });
  telemetry.on("error", () => undefined);
  return telemetry;
}

const record = (telemetry: Telemetry, events: number) => {
  for (let n = 0; n < events; n++) telemetry.record("tick", { n, pad: "x".repeat(n % 7) });
};

/** Everything is there once, in order, and the relay's book is right. */
async function expectWhole(
  { stream, relay }: Pick<Awaited<ReturnType<typeof path>>, "stream" | "relay">,
  ...devices: readonly Telemetry[]
) {
  for (const telemetry of devices) expect(await telemetry.close()).toMatchObject({ delivered: true });
  const whole = { verdict: "COMPLETE", duplicates: 0, missing: [], dropped: 0 };
  expect([...stream.ledger.reports()]).toMatchObject(devices.map(() => whole));
  expect(stream.disorder()).toBe(0);
  expect(relay.pipeline.book.imbalance).toBe(0);
}

/** Events of a batch; by any other seed other sizes, and so other bytes. */
const SEED = chosenSeed();
const SIZES =
  SEED === 1 ? [1, 12, 40, 300] : [1 + (SEED % 10), 11 + (SEED % 9), 20 + (SEED % 79), 150 + (SEED % 307)];

/** Between them they meet every byte. */
const SILENT_DEVICES = 32;

describe("a connection that breaks at any byte", () => {
  it.each(SIZES.flatMap((size) => [["reset", size] as const, ["close", size] as const]))(
    "loses, doubles and disorders nothing (%s, batches of %i)",
    async (how, events) => {
      const made = await path();
      const telemetry = speaker(made.port);
      let cases = 0;
      for (const side of ["request", "answer"] as const) {
        // What one exchange takes: the first is larger, by `$open`.
        for (let exchange = 0; exchange < 2; exchange++) {
          made.proxy.arm();
          record(telemetry, events);
          await telemetry.flush();
        }
        const bytes = made.proxy.bytes[side];
        for (let atByte = 0; atByte <= bytes; atByte++) {
          const cut: Cut = { side, atByte, how };
          made.proxy.arm(cut);
          record(telemetry, events);
          const { delivered } = await telemetry.flush();
          if (!delivered) expect(cut).toBe("delivered in the end");
          // No two exchanges are of quite the same length: times stand in them.
          if (!made.proxy.armed) cases++;
        }
      }
      expect(cases).toBeGreaterThan(400);
      // A cut behind the last byte may come too late to be noticed.
      expect(telemetry.stats().retries).toBeGreaterThan(cases - 20);
      await expectWhole(made, telemetry);
      tally(cases);
    },
    120_000,
  );
});

it("a relay that falls silent at any byte is asked again after the time-out", async () => {
  const stream = countingStream();
  const relay = await relayOn(stream);
  let cases = 0;
  // Each waits for its time-outs most of the time.
  const lives = Array.from({ length: SILENT_DEVICES }, async (_, number) => {
    const { proxy, port } = await proxyTo(relay);
    const telemetry = speaker(port, { device: `d${number}`, requestTimeoutMs: 200 });
    for (let exchange = 0; exchange < 2; exchange++) {
      proxy.arm();
      record(telemetry, 1);
      await telemetry.flush();
    }
    const { request, answer } = proxy.bytes;
    for (const [side, bytes] of [["request", request] as const, ["answer", answer] as const]) {
      for (let atByte = number; atByte <= bytes; atByte += SILENT_DEVICES) {
        proxy.arm({ side, atByte, how: "silence" });
        record(telemetry, 1);
        const { delivered } = await telemetry.flush();
        if (!delivered) expect({ side, atByte }).toBe("delivered in the end");
        if (!proxy.armed) cases++;
      }
    }
    return telemetry;
  });
  const devices = await Promise.all(lives);
  expect(cases).toBeGreaterThan(400);
  await expectWhole({ stream, relay }, ...devices);
  tally(cases);
}, 120_000);

describe("the judgement of what came of a broken connection (control)", () => {
  it("finds out a batch that counts as accepted although no relay has it", async () => {
    const made = await path();
    const telemetry = speaker(made.port);
    record(telemetry, 3);
    await telemetry.flush();
    made.proxy.arm({ side: "request", atByte: 0, how: "forged" });
    record(telemetry, 3);
    expect(await telemetry.flush()).toMatchObject({ delivered: true });
    expect(made.proxy.armed).toBe(false);
    await expect(expectWhole(made, telemetry)).rejects.toThrow("to match object");
    expect([...made.stream.ledger.reports()]).toMatchObject([{ missing: [{}] }]);
  });

  it("finds out a batch that is taken once more by a relay that remembers nothing", async () => {
    const made = await path();
    const telemetry = speaker(made.port);
    record(telemetry, 3);
    await telemetry.flush();
    made.proxy.arm({ side: "answer", atByte: 0, how: "reset" });
    made.proxy.targetPort = portOf(await relayOn(made.stream));
    record(telemetry, 3);
    expect(await telemetry.flush()).toMatchObject({ delivered: true });
    await expect(expectWhole(made, telemetry)).rejects.toThrow("to match object");
    expect([...made.stream.ledger.reports()]).toMatchObject([{ verdict: "COMPLETE", duplicates: 3 }]);
  });
});

it.each(["twice", "again", "late"] as const)(
  "an answer that comes %s is taken for what it says of the batch that it names, and for no other",
  async (how) => {
    const made = await path();
    const telemetry = speaker(made.port, { requestTimeoutMs: 100 });
    for (const atByte of [0, 1, 20, 120, 200]) {
      for (let turn = 0; turn < 10; turn++) {
        made.proxy.arm({ side: "answer", atByte, how });
        record(telemetry, 3);
        expect(await telemetry.flush()).toMatchObject({ delivered: true });
        expect(made.proxy.armed).toBe(false);
        record(telemetry, 2);
        expect(await telemetry.flush()).toMatchObject({ delivered: true });
      }
      tally(10);
    }
    // One that is late is not waited for, and one of another batch is none: the batch is sent once more.
    if (how !== "twice") expect(telemetry.stats().retries).toBeGreaterThanOrEqual(50);
    await expectWhole(made, telemetry);
  },
);
