import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { type Answer, awsError, scriptedClient } from "../testing/scripted-client.ts";
import type { PutEntry } from "./put-entry.ts";
import { type PutRecords, putterFor } from "./putter.ts";

const ENTRIES: readonly PutEntry[] = ["a", "b", "c"].map((partitionKey, i) => ({
  partitionKey,
  explicitHashKey: i === 0 ? "7" : undefined,
  data: Buffer.from(partitionKey),
  shardId: "shard-0",
  lane: "live",
  deliveries: [],
  userRecords: 1,
}));
const IN = { ShardId: "shard-0", SequenceNumber: "1" };

const clock = new ManualClock();
const putter = (PutRecords: Answer): PutRecords =>
  putterFor(scriptedClient({ PutRecords }), "s", clock, 8_000);
const answered = (Records: unknown) => putter(() => ({ Records }))(ENTRIES);

describe("the answer to PutRecords", () => {
  it("counts a record as put only when it has a sequence number and no error", async () => {
    const results = [
      { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow down" },
      // No server should say both; then the error is what to believe.
      { ...IN, ErrorCode: "InternalFailure" },
      IN,
    ];
    expect(await answered(results)).toEqual({
      kind: "answered",
      results: [
        { ok: false, code: "ProvisionedThroughputExceededException" },
        { ok: false, code: "InternalFailure" },
        { ok: true, shardId: "shard-0" },
      ],
    });
  });

  it("does not count a record as put that came back with nothing", async () => {
    expect(await answered([IN, {}, { ShardId: "shard-0" }])).toMatchObject({
      results: [{ ok: true }, { ok: false, code: "Unknown" }, { ok: false, code: "Unknown" }],
    });
  });

  it.each([
    ["too few results", [IN, IN]],
    ["too many results", [IN, IN, IN, IN]],
    ["no results at all", undefined],
  ])("with %s is a failed call: nobody knows which records they are of", async (_, records) => {
    expect(await answered(records)).toMatchObject({
      kind: "failed",
      error: { message: `PutRecords answered ${records?.length ?? 0} results for 3 records` },
    });
  });

  it("that is an error is a failed call, never a rejection", async () => {
    const error = awsError("InternalFailure", 500);
    const put = putter(() => {
      throw error;
    });
    expect(await put(ENTRIES)).toEqual({ kind: "failed", error });
  });

  it.each(["ProvisionedThroughputExceededException", "ThrottlingException", "LimitExceededException"])(
    "that is %s as a whole throttles every record: Kinesis is there",
    async (name) => {
      const put = putter(() => Promise.reject(awsError(name)));
      expect(await put(ENTRIES)).toEqual({
        kind: "answered",
        results: ENTRIES.map(() => ({ ok: false, code: name })),
      });
    },
  );

  it.each([
    ["ValidationException", 400],
    ["InvalidArgumentException", 400],
    ["SerializationException", 400],
    ["413", 413],
  ])("that is %s is a refusal: the same call will never be taken", async (name, status) => {
    const error = awsError(name, status);
    const put = putter(() => Promise.reject(error));
    expect(await put(ENTRIES)).toEqual({ kind: "refused", error });
  });

  it.each(["ExpiredTokenException", "UnrecognizedClientException", "ResourceNotFoundException"])(
    "that is %s is a failed call: it may be taken later",
    async (name) => {
      const put = putter(() => Promise.reject(awsError(name)));
      expect(await put(ENTRIES)).toMatchObject({ kind: "failed" });
    },
  );

  it("that does not end in time is a failed call, whatever became of it", async () => {
    const answer = putter(() => new Promise(() => undefined))(ENTRIES);
    await clock.advance(7_999);
    const pending = new Promise((resolve) => setImmediate(() => resolve("pending")));
    expect(await Promise.race([answer, pending])).toBe("pending");
    await clock.advance(1);
    expect(await answer).toMatchObject({
      kind: "failed",
      error: { message: "PutRecords did not end within 8000 ms" },
    });
  });

  it("is asked for with every record's key, hash key and data as they are", async () => {
    let asked: unknown;
    const PutRecords = (input: unknown) => {
      asked = input;
      return { Records: [IN, IN, IN] };
    };
    await putter(PutRecords)(ENTRIES);
    expect(asked).toEqual({
      StreamName: "s",
      Records: ENTRIES.map(({ partitionKey, explicitHashKey, data }) => ({
        PartitionKey: partitionKey,
        ExplicitHashKey: explicitHashKey,
        Data: data,
      })),
    });
  });
});
