import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ManualClock } from "@tonearm/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { checkConfig } from "./config/check.ts";
import { startRelay } from "./relay.ts";
import { batchOf } from "./testing/batches.ts";
import { SILENT } from "./testing/pipelines.ts";
import { awsError, scriptedClient } from "./testing/scripted-client.ts";
import {
  absent,
  away,
  freshClock,
  freshDirectory,
  SHARD,
  startOn,
  stop,
  stopAll,
  untilTheEnd,
} from "./testing/started-relays.ts";

afterEach(stopAll);

describe("a spool that damage has met between two starts", () => {
  it("says so in its status: what is lost of an earlier process stands in no book", async () => {
    const spool = await freshDirectory();
    const { relay, clock } = await startOn(spool);
    let answers = 0;
    for (const [device, seq] of [
      ["d1", 1],
      ["d2", 1],
    ] as const) {
      void relay.pipeline.accept(batchOf(device, seq, 5)).then(() => answers++);
      const before = answers;
      while (answers === before) await clock.advance(100);
    }
    await stop(relay, clock);
    const [segment = ""] = (await readdir(spool)).filter((name) => name.endsWith(".log"));
    const bytes = await readFile(join(spool, segment));
    // The first of the two; and a file that is none.
    bytes[400]! ^= 0xff;
    await writeFile(join(spool, segment), bytes);
    await writeFile(join(spool, "seg-0000000000000099.log"), "nothing of ours");
    const { client, kinesis, taken } = absent();
    kinesis.isBack = true;
    const later = freshClock();
    const config = checkConfig({ insecure: true, port: 0, spool });
    const next = await startRelay(config, client, later, SILENT);
    untilTheEnd(next, later);
    while (next.pipeline.book.inherited === 0) await later.advance(100);
    expect([taken.length, next.pipeline.book.inherited]).toEqual([1, 5]);
    const status = (await (await fetch(`${next.url}/status.json`)).json()) as { spool: object };
    expect(status.spool).toMatchObject({ damaged_batches: 1, unusable_files: 1 });
  });
});

describe("a relay whose port is taken", () => {
  it("does not start, as often as it is tried, and leaves nothing in the spool", async () => {
    const { relay } = await startOn(await freshDirectory());
    const port = Number(new URL(relay.url).port);
    const spool = await freshDirectory();
    for (let n = 0; n < 3; n++) {
      const config = checkConfig({ insecure: true, port, spool });
      await expect(startRelay(config, away, freshClock(), SILENT)).rejects.toThrow("is taken");
    }
    expect(await readdir(spool)).toEqual(["dead-letters"]);
  });
});

describe("a relay that is starting", () => {
  it("answers that it is not ready, and takes nothing until it is", async () => {
    let answer: ((shards: object) => void) | undefined;
    const slow = scriptedClient({
      ListShards: () => new Promise((resolve) => (answer = resolve)),
      DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
    });
    const clock = freshClock();
    const { port } = new URL((await startOn(await freshDirectory())).relay.url);
    await stopAll();
    const starting = startRelay(checkConfig({ insecure: true, port: Number(port) }), slow, clock, SILENT);
    const ask = async (path: string, method = "GET") => {
      const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return [status, headers.get("retry-after")];
    };
    await expect.poll(() => ask("/healthz").catch(() => [])).toEqual([200, null]);
    expect(await ask("/readyz")).toEqual([503, null]);
    expect(await ask("/v1/batches", "POST")).toEqual([503, "1"]);
    answer!({ Shards: [SHARD] });
    const relay = await starting;
    untilTheEnd(relay, clock);
    expect(await ask("/readyz")).toEqual([200, null]);
    expect(await ask("/v1/batches", "POST")).toEqual([415, null]);
  });
});

describe("a relay that is started while Kinesis is away", () => {
  it("serves from its spool, says so, and empties it into the stream, which it makes if it should", async () => {
    const spool = await freshDirectory();
    const clock = freshClock();
    const { client, kinesis, asked, taken } = absent();
    const config = checkConfig({ insecure: true, port: 0, spool, createStream: 2 });
    const warned: string[] = [];
    const log = { ...SILENT, warn: (message: string) => void warned.push(message) };
    const relay = await startRelay(config, client, clock, log);
    untilTheEnd(relay, clock);
    expect(warned).toEqual(["the stream cannot be reached; batches go into the spool"]);
    const look = async (path: string) => {
      const answer = await fetch(`${relay.url}${path}`);
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    expect(await look("/readyz")).toEqual({
      status: 200,
      ready: true,
      circuit: "open",
      stream_reached: false,
    });
    expect(await look("/status.json")).toMatchObject({ circuit: "open", stream_reached: false, shards: 0 });
    let durable: string | undefined;
    void relay.pipeline.accept(batchOf("d1", 1, 5)).then((answer) => (durable = answer.durable));
    while (durable === undefined) await clock.advance(100);
    expect([durable, asked.includes("PutRecords")]).toEqual(["spool", false]);
    kinesis.isBack = true;
    while (relay.pipeline.book.spooled > 0) await clock.advance(100);
    expect(taken).toHaveLength(1);
    expect(asked).toContain("CreateStream");
    expect(relay.pipeline.book).toMatchObject({ received: 5, delivered: 5, spooled: 0, imbalance: 0 });
    expect(await look("/readyz")).toMatchObject({ circuit: "closed", stream_reached: true });
  });

  it("does not start without a spool, nor with one when waiting does not help", async () => {
    const { client } = absent();
    const without = checkConfig({ insecure: true, port: 0 });
    await expect(startRelay(without, client, freshClock(), SILENT)).rejects.toThrow(
      "cannot be used: InternalFailure",
    );
    const spool = await freshDirectory();
    for (const name of ["ResourceNotFoundException", "AccessDeniedException", "CredentialsProviderError"]) {
      const wrong = scriptedClient({
        ListShards: () => {
          throw awsError(name);
        },
        DescribeStreamSummary: () => ({}),
      });
      const config = checkConfig({ insecure: true, port: 0, spool });
      await expect(startRelay(config, wrong, freshClock(), SILENT)).rejects.toThrow(
        `cannot be used: ${name}`,
      );
    }
    expect(await readdir(spool)).toEqual(["dead-letters"]);
  });
});

describe("a relay that makes its stream", () => {
  it("starts where it may create a stream and not describe it, and does not aggregate", async () => {
    const asked: string[] = [];
    const guarded = scriptedClient({
      CreateStream: ({ StreamName, ShardCount }) => asked.push(`${String(StreamName)} ${String(ShardCount)}`),
      ListShards: () => ({ Shards: [SHARD] }),
      DescribeStreamSummary: () => {
        throw awsError("AccessDeniedException");
      },
    });
    const clock = new ManualClock();
    const config = checkConfig({ insecure: true, port: 0, stream: "fresh", createStream: 3 });
    const relay = await startRelay(config, guarded, clock, SILENT);
    untilTheEnd(relay, clock);
    expect(asked).toEqual(["fresh 3"]);
    expect(relay.pipeline.shardMap.shape).toMatchObject({
      shards: [{ shardId: "shard-0" }],
      aggregationOff: expect.stringContaining("denied"),
    });
  });
});
