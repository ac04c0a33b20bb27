import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { awsError } from "../testing/scripted-client.ts";
import { expired, type ScriptedShard, ScriptedStream } from "../testing/scripted-stream.ts";
import { StreamReader } from "./stream-reader.ts";

const shard = (shardId: string, texts: readonly string[], more: Partial<ScriptedShard> = {}) => ({
  shardId,
  records: texts.map((text) => Buffer.from(text)),
  ...more,
});

/** Reads a stream to its end, on a clock that moves by itself. */
async function readAll(stream: ScriptedStream): Promise<string[]> {
  const texts: string[] = [];
  const reader = new StreamReader(stream.client, "s", hurried(), { follow: false, fromLatest: false });
  await reader.read(({ shardId, userRecords }) => {
    for (const { data } of userRecords) texts.push(`${shardId} ${Buffer.from(data).toString()}`);
  });
  return texts;
}

/** A clock on which every wait is over at once. */
function hurried(): ManualClock {
  const clock = new ManualClock();
  clock.after = (delayMs, callback) => {
    clock.now += delayMs;
    setImmediate(callback);
    return () => undefined;
  };
  return clock;
}

/** As many records as a test needs to take several answers. */
const many = (count: number) => Array.from({ length: count }, (_, i) => `r${i}`);

describe("a shard that came out of others", () => {
  it("is read after the last record of its parents, both of them", async () => {
    const stream = new ScriptedStream([
      shard("shard-0", ["a", "b"], { closed: true }),
      shard("shard-1", ["c", "d"], { closed: true }),
      shard("shard-2", ["e"], { parents: ["shard-0", "shard-1"] }),
    ]);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    stream.meddle = (shardId) => (shardId === "shard-1" ? held : undefined);
    const reading = readAll(stream);
    await new ManualClock().settle();
    expect(stream.reads.map(({ shardId }) => shardId)).toEqual(["shard-0", "shard-1"]);
    expect(stream.iterators.some((each) => each.startsWith("shard-2"))).toBe(false);
    release();
    expect(await reading).toEqual(["shard-0 a", "shard-0 b", "shard-1 c", "shard-1 d", "shard-2 e"]);
  });

  it("is found when its parent was split while it was read, and so are its own children", async () => {
    const stream = new ScriptedStream([shard("shard-0", ["a"], { closed: true })]);
    stream.meddle = (shardId) => {
      const parents = [shardId];
      const children = { "shard-0": "shard-1", "shard-1": "shard-2" }[shardId];
      if (children && stream.shards.every((each) => each.shardId !== children))
        stream.shards.push(shard(children, [`in ${children}`], { parents, closed: true }));
      return undefined;
    };
    expect(await readAll(stream)).toEqual(["shard-0 a", "shard-1 in shard-1", "shard-2 in shard-2"]);
  });

  it("is read although its parent is older than the stream remembers", async () => {
    const stream = new ScriptedStream([shard("shard-7", ["a"], { parents: ["shard-3"] })]);
    expect(await readAll(stream)).toEqual(["shard-7 a"]);
  });
});

describe("reading a shard", () => {
  it("goes on behind the last record when its iterator has expired", async () => {
    const stream = new ScriptedStream([shard("shard-0", many(12))]);
    let times = 1;
    stream.meddle = (_, index) => {
      if (index > 0 && times-- > 0) throw expired();
      return undefined;
    };
    expect(await readAll(stream)).toEqual(many(12).map((text) => `shard-0 ${text}`));
    const [first, second] = stream.iterators;
    expect(first).toBe("shard-0 TRIM_HORIZON");
    expect(second).toMatch(/^shard-0 AFTER_SEQUENCE_NUMBER \d+$/);
  });

  it("begins again when its iterator has expired before anything was read", async () => {
    const stream = new ScriptedStream([shard("shard-0", ["a"])]);
    let times = 1;
    stream.meddle = () => {
      if (times-- > 0) throw expired();
      return undefined;
    };
    expect(await readAll(stream)).toEqual(["shard-0 a"]);
    expect(stream.iterators).toEqual(["shard-0 TRIM_HORIZON", "shard-0 TRIM_HORIZON"]);
  });

  it.each([1, 2])("does not take %i empty answers for the end, whatever they say", async (empty) => {
    const stream = new ScriptedStream([shard("shard-0", many(12))]);
    let left = empty;
    stream.meddle = (_, index) => (index > 0 && left-- > 0 ? "empty" : undefined);
    expect(await readAll(stream)).toHaveLength(12);
  });

  it.each([
    ["ProvisionedThroughputExceededException", 400],
    ["LimitExceededException", 400],
    ["InternalFailure", 500],
    ["TimeoutError", undefined],
  ])("waits a %s out, whichever call it is of", async (name, status) => {
    const stream = new ScriptedStream([shard("shard-0", ["a"])]);
    const send = stream.client.send.bind(stream.client) as (command: object) => Promise<unknown>;
    const failed = new Set<string>();
    stream.client.send = (async (command: object) => {
      const { name: called } = command.constructor;
      if (failed.has(called)) return send(command);
      failed.add(called);
      throw Object.assign(awsError(name, status), status === undefined && { $metadata: {} });
    }) as typeof stream.client.send;
    expect(await readAll(stream)).toEqual(["shard-0 a"]);
    expect([...failed].toSorted()).toEqual([
      "GetRecordsCommand",
      "GetShardIteratorCommand",
      "ListShardsCommand",
    ]);
  });

  it("ends with the error of a call that goes on failing, or that time does not help", async () => {
    const stream = new ScriptedStream([shard("shard-0", ["a"])]);
    stream.meddle = () => {
      throw awsError("InternalFailure", 500);
    };
    await expect(readAll(stream)).rejects.toMatchObject({ name: "InternalFailure" });
    const denied = new ScriptedStream([shard("shard-0", ["a"])]);
    denied.meddle = () => {
      throw awsError("AccessDeniedException");
    };
    await expect(readAll(denied)).rejects.toMatchObject({ name: "AccessDeniedException" });
    expect(denied.reads).toHaveLength(1);
  });
});

describe("the size of an answer", () => {
  const MIB = 1_048_576;
  const ANSWER_MAX = 5 * MIB;

  /** The bytes of the records of each answer. */
  async function answerSizes(sizes: readonly number[]): Promise<number[]> {
    const records = sizes.map((size) => Buffer.alloc(size, "x"));
    const stream = new ScriptedStream([{ shardId: "shard-0", records }]);
    expect(await readAll(stream)).toHaveLength(sizes.length);
    return stream.reads.map(({ index, limit }) =>
      sizes.slice(index, index + limit).reduce((sum, size) => sum + size, 0),
    );
  }

  it("stays at a few MiB for records of 1 MiB, from the first answer on", async () => {
    expect(Math.max(...(await answerSizes(Array(40).fill(MIB))))).toBeLessThanOrEqual(ANSWER_MAX);
  });

  it("is one record when a single one is that large", async () => {
    const sizes = await answerSizes(Array(12).fill(8 * MIB));
    // Only the first answer is asked for in ignorance.
    expect(sizes.slice(1).every((size) => size <= 8 * MIB)).toBe(true);
  });

  it("grows to as many records as it may hold when they are small, in a few steps", async () => {
    const sizes = await answerSizes(Array(5_000).fill(100));
    expect(Math.max(...sizes)).toBe(200 * 100);
    expect(sizes.length).toBeLessThan(40);
  });

  it("shrinks with one large record among small ones", async () => {
    const sizes = await answerSizes([
      ...Array(800).fill(100),
      ...Array(10).fill(MIB),
      ...Array(2_000).fill(100),
    ]);
    // One answer was asked for before anybody could know; the next has room for four.
    expect(sizes.filter((size) => size > ANSWER_MAX).length).toBeLessThanOrEqual(1);
  });
});
