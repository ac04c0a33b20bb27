import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Batch } from "../batch.ts";
import { Delivery } from "../put/delivery.ts";
import { entryBytes } from "../put/put-entry.ts";
import { deaggregate, type HashKeyRange } from "../read/deaggregate.ts";
import { batchOf, linesOf } from "../testing/batches.ts";
import { Container } from "./container.ts";
import { HASH_KEY_MAX, hashKeyOf } from "./hash-key.ts";

function packed(batches: readonly Batch[]) {
  const container = new Container("shard-1", "live", 0, 1_000);
  let size = 0;
  for (const batch of batches) {
    size = container.sizeWith(batch);
    container.add(new Delivery(batch));
  }
  return { entry: container.close(), size };
}

const batches = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 60, max: 400 }),
    ),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((parts) => parts.map(([device, count, bytes], i) => batchOf(`d${device}`, 1 + i * 10, count, bytes)));

describe("Container", () => {
  it("gives back every record with its device as partition key, in order", () => {
    fc.assert(
      fc.property(batches, (given) => {
        const { entry } = packed(given);
        const { userRecords, withheld } = deaggregate({ partitionKey: entry.partitionKey, data: entry.data });
        expect(withheld).toBeUndefined();
        expect(userRecords.map(({ data }) => Buffer.from(data).toString())).toEqual(given.flatMap(linesOf));
        const devices = given.flatMap((batch) => linesOf(batch).map(() => batch.device));
        expect(userRecords.map(({ partitionKey }) => partitionKey)).toEqual(devices);
      }),
      { numRuns: 200 },
    );
  });

  it("never becomes larger than it said it would", () => {
    fc.assert(
      fc.property(batches, (given) => {
        const { entry, size } = packed(given);
        expect(entryBytes(entry)).toBeLessThanOrEqual(size);
        // The hash key's length is reserved at its longest; nothing else is guessed.
        if (entry.explicitHashKey !== undefined) {
          expect(size - entryBytes(entry)).toBe(39 - entry.explicitHashKey.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("has one hash key, that of its first device, for every record and for itself", () => {
    const { entry } = packed([batchOf("first", 1, 2), batchOf("second", 1, 2)]);
    const hashKey = hashKeyOf("first").toString();
    expect([entry.partitionKey, entry.explicitHashKey]).toEqual(["a", hashKey]);
    const { userRecords } = deaggregate({ partitionKey: entry.partitionKey, data: entry.data });
    expect(new Set(userRecords.map(({ explicitHashKey }) => explicitHashKey))).toEqual(new Set([hashKey]));
  });

  it("sends a single record as it is, under its own key", () => {
    const batch = batchOf("alone", 1, 1);
    const { entry } = packed([batch]);
    expect([entry.partitionKey, entry.explicitHashKey]).toEqual(["alone", undefined]);
    expect(Buffer.from(entry.data).toString()).toBe(linesOf(batch)[0]);
  });
});

describe("what a container says of itself", () => {
  it("counts no number that was given up, neither in its size nor in its events", () => {
    const given = batchOf("d1", 1, 3);
    const [end = 0] = given.records.ends;
    const holed = {
      ...given,
      records: { ...given.records, ends: [0, ...given.records.ends.flatMap((at) => [at, at])] },
    };
    expect(end).toBeGreaterThan(0);
    const [plain, withHoles] = [packed([given]), packed([holed])];
    expect(withHoles.size).toBe(plain.size);
    expect(Buffer.from(withHoles.entry.data)).toEqual(Buffer.from(plain.entry.data));
    expect(withHoles.entry.userRecords).toBe(3);
  });

  it("is exact with more devices than the number of one fits into a byte", () => {
    const given = Array.from({ length: 300 }, (_, i) => batchOf(`d${i % 200}`, 1, 1));
    const { entry, size } = packed(given);
    expect(size - entryBytes(entry)).toBe(39 - entry.explicitHashKey!.length);
  });
});

it("a device's key stands once in an aggregate, however many batches come from it", () => {
  const { entry } = packed(Array.from({ length: 20 }, (_, i) => batchOf("kitchen", 1 + i, 1)));
  const key = Buffer.of(0x0a, 7, ...Buffer.from("kitchen"));
  const data = Buffer.from(entry.data);
  expect(data.indexOf(key)).toBeGreaterThan(0);
  expect(data.indexOf(key)).toBe(data.lastIndexOf(key));
});

it("memory of aggregates that are in the stream, and of containers that are closed, is used again", () => {
  const [single, ...many] = [batchOf("d1", 1, 1), batchOf("d1", 1, 30), batchOf("d2", 1, 30)];
  const round = () => {
    packed([single]);
    packed(many).entry.free!();
  };
  for (let i = 0; i < 10; i++) round();
  const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
  for (let i = 0; i < 600; i++) round();
  expect(allocate).not.toHaveBeenCalled();
  allocate.mockRestore();
});

/** Splits and merges shards at random, as resharding does. */
function reshard(steps: readonly { readonly split: boolean; readonly at: number; readonly where: bigint }[]) {
  let shards: HashKeyRange[] = [{ startingHashKey: 0n, endingHashKey: HASH_KEY_MAX }];
  for (const { split, at, where } of steps) {
    const i = at % shards.length;
    const shard = shards[i]!;
    const next = shards[i + 1];
    if (split) {
      const width = shard.endingHashKey - shard.startingHashKey;
      if (width < 2n) continue;
      const middle = shard.startingHashKey + 1n + (where % width);
      const children = [
        { startingHashKey: shard.startingHashKey, endingHashKey: middle - 1n },
        { startingHashKey: middle, endingHashKey: shard.endingHashKey },
      ];
      shards = shards.toSpliced(i, 1, ...children);
    } else if (next) {
      shards = shards.toSpliced(i, 2, {
        startingHashKey: shard.startingHashKey,
        endingHashKey: next.endingHashKey,
      });
    }
  }
  return shards;
}

const steps = fc.array(
  fc.record({ split: fc.boolean(), at: fc.nat(1_000), where: fc.bigInt(0n, HASH_KEY_MAX) }),
  { maxLength: 60 },
);

/** Where Kinesis puts a record. */
const shardOf = (shards: readonly HashKeyRange[], hashKey: bigint) =>
  shards.find(
    ({ startingHashKey, endingHashKey }) => hashKey >= startingHashKey && hashKey <= endingHashKey,
  )!;

describe("KCL's rule that drops an aggregate of which one record lies outside its shard", () => {
  it("never applies to ours, whatever was split and merged since it was packed", () => {
    fc.assert(
      fc.property(batches, steps, (given, resharding) => {
        const { entry } = packed(given);
        const hashKey =
          entry.explicitHashKey === undefined ? hashKeyOf(entry.partitionKey) : BigInt(entry.explicitHashKey);
        const shard = shardOf(reshard(resharding), hashKey);
        const { userRecords, withheld } = deaggregate(
          { partitionKey: entry.partitionKey, data: entry.data },
          shard,
        );
        expect(withheld).toBeUndefined();
        expect(userRecords).toHaveLength(given.reduce((sum, { records }) => sum + records.ends.length, 0));
      }),
      { numRuns: 1_000 },
    );
  });

  it("does apply to an aggregate whose records keep their own hash keys: the control that must lose", () => {
    const { entry } = packed([batchOf("first", 1, 2), batchOf("second", 1, 2)]);
    // The same aggregate with the hash key index taken out of every record: each is judged by its own key.
    const stripped = withoutHashKeyIndexes(entry.data);
    const [low, high] = [hashKeyOf("first"), hashKeyOf("second")].toSorted((a, b) => (a < b ? -1 : 1));
    const shard = { startingHashKey: 0n, endingHashKey: (low! + high!) / 2n };
    expect(deaggregate({ partitionKey: "a", data: stripped }, shard)).toMatchObject({
      userRecords: [],
      withheld: { count: 4, reason: "out_of_range" },
    });
  });
});

/** Rewrites an aggregate so that no record names a hash key; records here are short enough for 2-byte lengths. */
function withoutHashKeyIndexes(data: Uint8Array): Uint8Array {
  const { userRecords } = deaggregate({ partitionKey: "a", data });
  const keys = [...new Set(userRecords.map(({ partitionKey }) => partitionKey))];
  const parts: Buffer[] = keys.map((key) => Buffer.from([0x0a, key.length, ...Buffer.from(key)]));
  for (const { partitionKey, data: bytes } of userRecords) {
    const body = Buffer.from([0x08, keys.indexOf(partitionKey), 0x1a, ...varint(bytes.length), ...bytes]);
    parts.push(Buffer.from([0x1a, ...varint(body.length), ...body]));
  }
  const message = Buffer.concat(parts);
  return Buffer.concat([
    Buffer.of(0xf3, 0x89, 0x9a, 0xc2),
    message,
    createHash("md5").update(message).digest(),
  ]);
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, value >>> 7]);
