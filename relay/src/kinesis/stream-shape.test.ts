import { describe, expect, it } from "vitest";
import { type Answer, awsError, scriptedClient } from "../testing/scripted-client.ts";
import { shapeLoader } from "./stream-shape.ts";

const shard = (n: number, ending?: string) => ({
  ShardId: `shard-${n}`,
  HashKeyRange: { StartingHashKey: String(n * 10), EndingHashKey: String(n * 10 + 9) },
  SequenceNumberRange: { StartingSequenceNumber: "1", ...(ending && { EndingSequenceNumber: ending }) },
});

const load = (summary: Answer, ListShards: Answer = () => ({ Shards: [shard(0)] })) =>
  shapeLoader(scriptedClient({ ListShards, DescribeStreamSummary: summary }), "s")();

const says = (summary: object) => () => ({ StreamDescriptionSummary: summary });
const fails = (name: string, status?: number) => () => {
  throw awsError(name, status);
};

describe("the shape of a stream", () => {
  it("has all open shards, from however many pages, and no closed one", async () => {
    const pages: Record<string, object> = {
      first: { Shards: [shard(0), shard(1, "9")], NextToken: "second" },
      second: { Shards: [shard(2)], NextToken: "third" },
      third: { Shards: [shard(3)] },
    };
    const asked: unknown[] = [];
    const { shards } = await load(says({}), (input) => {
      asked.push(input);
      return pages[String(input.NextToken ?? "first")];
    });
    expect(shards).toEqual([
      { shardId: "shard-0", startingHashKey: 0n, endingHashKey: 9n },
      { shardId: "shard-2", startingHashKey: 20n, endingHashKey: 29n },
      { shardId: "shard-3", startingHashKey: 30n, endingHashKey: 39n },
    ]);
    // Kinesis refuses a name beside a token.
    expect(asked).toEqual([{ StreamName: "s" }, { NextToken: "second" }, { NextToken: "third" }]);
  });

  it("lets records be aggregated where keys decide, or where nothing is said of it", async () => {
    expect((await load(says({}))).aggregationOff).toBeUndefined();
    const byKey = says({ RecordDistributionStrategy: "PARTITION_KEY" });
    expect((await load(byKey)).aggregationOff).toBeUndefined();
  });

  it("turns aggregation off where Kinesis distributes records by itself", async () => {
    const { aggregationOff } = await load(says({ RecordDistributionStrategy: "AUTO" }));
    expect(aggregationOff).toContain("AUTO");
  });

  it.each(["AccessDeniedException", "UnauthorizedException"])(
    "turns aggregation off when nobody may say who distributes records (%s)",
    async (name) => {
      expect(await load(fails(name))).toMatchObject({
        aggregationOff: expect.stringContaining("DescribeStreamSummary is denied"),
        recordBytesMax: 1_048_576,
        shards: [{ shardId: "shard-0" }],
      });
    },
  );

  it("cannot be had when the question fails otherwise: an old map is better than a guess", async () => {
    await expect(load(fails("InternalFailure", 500))).rejects.toMatchObject({ name: "InternalFailure" });
    await expect(load(fails("LimitExceededException"))).rejects.toMatchObject({
      name: "LimitExceededException",
    });
  });

  it("takes records as large as the stream says, or of 1 MiB", async () => {
    expect((await load(says({ MaxRecordSizeInKiB: 10_240 }))).recordBytesMax).toBe(10_485_760);
    expect((await load(says({}))).recordBytesMax).toBe(1_048_576);
  });
});
