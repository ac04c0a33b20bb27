import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@tonearm/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { checkConfig } from "./config/check.ts";
import { type Relay, startRelay } from "./relay.ts";
import { batchOf } from "./testing/batches.ts";
import { SILENT } from "./testing/pipelines.ts";
import { type Answer, awsError, scriptedClient } from "./testing/scripted-client.ts";

const SHARD = {
  ShardId: "shard-0",
  HashKeyRange: { StartingHashKey: "0", EndingHashKey: String(2n ** 128n - 1n) },
};
/** A stream whose shape is known and that takes nothing. */
const away = scriptedClient({
  ListShards: () => ({ Shards: [SHARD] }),
  DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
  PutRecords: () => {
    throw awsError("InternalFailure", 500);
  },
});

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-relay-"));
  cleanUps.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Chance differs from start to start, as it does in life: epochs are made of it. */
let seed = 1;

async function startOn(spool: string) {
  const clock = new ManualClock(seed++);
  const config = checkConfig({ insecure: true, port: 0, spool, failuresToOpen: 1, shutdownMs: 100 });
  const relay = await startRelay(config, away, clock, SILENT);
  cleanUps.push(() => stop(relay, clock));
  return { relay, clock };
}

async function stop(relay: Relay, clock: ManualClock): Promise<void> {
  const stopped = relay.stop();
  await clock.advance(1_000);
  await stopped;
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe("a relay's spool", () => {
  it("is nobody else's to read: directory 0700, files 0600", async () => {
    const spool = join(await freshDirectory(), "deep", "spool");
    const { relay, clock } = await startOn(spool);
    let durable: string | undefined;
    const accept = (async () => {
      ({ durable } = await relay.pipeline.accept(batchOf("d1", 1, 5)));
    })();
    // The disk is real, and takes its own time beside the clock's.
    while (durable === undefined) await clock.advance(100);
    await accept;
    expect(durable).toBe("spool");
    expect([await modeOf(spool), await modeOf(join(spool, ".."))]).toEqual(["700", "700"]);
    const files = await readdir(spool);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const mode = file === "dead-letters" ? "700" : "600";
      expect([file, await modeOf(join(spool, file))]).toEqual([file, mode]);
    }
  });

  it("belongs to one relay at a time, and to the next one once that has ended", async () => {
    const spool = await freshDirectory();
    const { relay, clock } = await startOn(spool);
    await expect(startOn(spool)).rejects.toMatchObject({
      code: "directory_locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await stop(relay, clock);
    await startOn(spool);
  });

  it("is given back by a relay that could not start", async () => {
    const spool = await freshDirectory();
    const broken = scriptedClient({
      ListShards: () => {
        throw awsError("ResourceNotFoundException");
      },
      DescribeStreamSummary: () => new Promise(() => undefined),
    });
    const config = checkConfig({ insecure: true, port: 0, spool });
    await expect(startRelay(config, broken, new ManualClock(seed++), SILENT)).rejects.toThrow(
      "cannot be used",
    );
    await startOn(spool);
  });
});

/** A Kinesis that is away until it is told otherwise. */
function absent() {
  const kinesis = { isBack: false };
  const asked: string[] = [];
  const taken: string[] = [];
  const answer = (name: string, answers: Answer): Answer => {
    return (input) => {
      asked.push(name);
      if (!kinesis.isBack) throw awsError("InternalFailure", 500);
      return answers(input);
    };
  };
  const client = scriptedClient({
    CreateStream: answer("CreateStream", () => ({})),
    ListShards: answer("ListShards", () => ({ Shards: [SHARD] })),
    DescribeStreamSummary: answer("DescribeStreamSummary", () => ({
      StreamDescriptionSummary: { StreamStatus: "ACTIVE" },
    })),
    PutRecords: answer("PutRecords", ({ Records: records }) => ({
      Records: (records as { PartitionKey: string }[]).map(({ PartitionKey: key }) => {
        taken.push(key);
        return { ShardId: "shard-0", SequenceNumber: "1" };
      }),
    })),
  });
  return { client, kinesis, asked, taken };
}

describe("a relay that is started while Kinesis is away", () => {
  it("serves from its spool, says so, and empties it into the stream, which it makes if it should", async () => {
    const spool = await freshDirectory();
    const clock = new ManualClock(seed++);
    const { client, kinesis, asked, taken } = absent();
    const config = checkConfig({ insecure: true, port: 0, spool, createStream: 2 });
    const warned: string[] = [];
    const log = { ...SILENT, warn: (message: string) => void warned.push(message) };
    const relay = await startRelay(config, client, clock, log);
    cleanUps.push(() => stop(relay, clock));
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
    await expect(startRelay(without, client, new ManualClock(seed++), SILENT)).rejects.toThrow(
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
      await expect(startRelay(config, wrong, new ManualClock(seed++), SILENT)).rejects.toThrow(
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
    cleanUps.push(() => stop(relay, clock));
    expect(asked).toEqual(["fresh 3"]);
    expect(relay.pipeline.shardMap.shape).toMatchObject({
      shards: [{ shardId: "shard-0" }],
      aggregationOff: expect.stringContaining("denied"),
    });
  });
});

describe("a relay's listeners", () => {
  const statusesAt = (url: string) =>
    Promise.all(
      ["/healthz", "/readyz", "/metrics", "/status.json", "/", "/nothing"].map(async (path) => {
        const answer = await fetch(new URL(path, url));
        await answer.body?.cancel();
        return answer.status;
      }),
    );

  it("show the operator's pages beside the batches, unless they have a listener of their own", async () => {
    const clock = new ManualClock();
    const start = async (options: object) => {
      const config = checkConfig({ insecure: true, port: 0, ...options });
      const relay = await startRelay(config, away, clock, SILENT);
      cleanUps.push(() => stop(relay, clock));
      return relay;
    };
    const together = await start({});
    expect(together.operatorUrl).toBe(together.url);
    expect(await statusesAt(together.url)).toEqual([200, 200, 200, 200, 200, 404]);
    const apart = await start({ operatorPort: 0 });
    expect(await statusesAt(apart.url)).toEqual([200, 200, 404, 404, 404, 404]);
    expect(await statusesAt(apart.operatorUrl)).toEqual([200, 200, 200, 200, 200, 404]);
    expect((await fetch(apart.operatorUrl, { method: "POST", body: "x" })).status).toBe(405);
  });
});

describe("a relay whose configuration is reloaded", () => {
  it("knows the new keys and origins from the next request on, and no longer the old ones", async () => {
    const first = { port: 0, writeKeys: ["first-key"], corsOrigins: ["https://first.example"] };
    const clock = new ManualClock();
    const relay = await startRelay(checkConfig(first), away, clock, SILENT);
    cleanUps.push(() => stop(relay, clock));
    const ask = async (name: string) => {
      const headers = { authorization: `Bearer ${name}-key`, origin: `https://${name}.example` };
      const answer = await fetch(new URL("/v1/batches", relay.url), { method: "POST", headers });
      await answer.body?.cancel();
      // With a key, the next thing that is wrong is the type of the body.
      return [answer.status, answer.headers.has("access-control-allow-origin")];
    };
    expect([await ask("first"), await ask("second")]).toEqual([
      [415, true],
      [401, false],
    ]);
    const second = { ...first, writeKeys: ["second-key"], corsOrigins: ["https://second.example"] };
    expect(relay.reload(() => checkConfig(second))).toBe(true);
    expect([await ask("first"), await ask("second")]).toEqual([
      [401, false],
      [415, true],
    ]);
  });
});

describe("a relay that ends", () => {
  it("says what did not arrive, what waits in the spool, and where everything went", async () => {
    const spool = await freshDirectory();
    let answers = true;
    const client = scriptedClient({
      ListShards: () => ({ Shards: [SHARD] }),
      DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
      PutRecords: () =>
        answers ? { Records: [{ SequenceNumber: "1", ShardId: "shard-0" }] } : new Promise(() => undefined),
    });
    const lines: unknown[][] = [];
    const note = (message: string, fields?: object) => lines.push([message, fields]);
    const log = { info: note, warn: note, error: note };
    const clock = new ManualClock(seed++);
    const config = checkConfig({ insecure: true, port: 0, spool, shutdownMs: 100 });
    const relay = await startRelay(config, client, clock, log);
    const first = relay.pipeline.accept(batchOf("d1", 1, 7));
    await clock.advance(1_000);
    await first;
    answers = false;
    const second = relay.pipeline.accept(batchOf("d2", 1, 5)).catch(() => undefined);
    await clock.advance(500);
    await stop(relay, clock);
    void second;
    expect(lines).toContainEqual(["not everything arrived in time; its senders keep it", { events: 5 }]);
    const sums = { received: 12, delivered: 7, spooled: 0, duplicates: 0, rejected: 0, left: 5 };
    expect(lines.at(-1)).toEqual(["stopped", sums]);
  });
});
