import { createHash } from "node:crypto";
import { HASH_KEY_MAX, hashKeyOf } from "../aggregate/hash-key.ts";
import { DIGEST_BYTES, MAGIC } from "../aggregate/kpl-format.ts";
import { type ParsedAggregate, ProtobufError, parseAggregate } from "./aggregated-record.ts";

/** A Kinesis record, as GetRecords gives it. */
export interface KinesisRecord {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/** The hash keys that a shard takes, both ends included. */
export interface HashKeyRange {
  readonly startingHashKey: bigint;
  readonly endingHashKey: bigint;
}

const WHOLE_RANGE: HashKeyRange = { startingHashKey: 0n, endingHashKey: HASH_KEY_MAX };

export interface UserRecord {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
}

/** What a Kinesis record turned out to hold. */
export interface Deaggregated {
  readonly aggregated: boolean;
  readonly userRecords: readonly UserRecord[];
  /** User records that the Kinesis Client Library (KCL) would not have delivered, and why. */
  readonly withheld: { readonly count: number; readonly reason: "out_of_range" | "bad_index" } | undefined;
}

/**
 * Takes a Kinesis record apart after KCL's rules, so that what is read here is what a consumer gets:
 *
 * 1. It is an aggregate only if the magic stands, more than 16 bytes follow, the MD5 is right and the protobuf parses;
 *    else it is one user record, delivered as it is.
 * 2. The hash key of a user record is its explicit one, else MD5 of its partition key. If any lies outside the shard's
 *    range, none of the aggregate is delivered.
 * 3. An index beyond its table ends the aggregate: what came before it is delivered.
 */
export function deaggregate(record: KinesisRecord, range: HashKeyRange = WHOLE_RANGE): Deaggregated {
  const aggregate = aggregateIn(record.data);
  if (!aggregate) {
    const { partitionKey, data } = record;
    return {
      aggregated: false,
      userRecords: [{ partitionKey, explicitHashKey: undefined, data }],
      withheld: undefined,
    };
  }
  const { partitionKeys, explicitHashKeys, records } = aggregate;
  const userRecords: UserRecord[] = [];
  for (const { partitionKeyIndex, explicitHashKeyIndex, data } of records) {
    const partitionKey = partitionKeys[partitionKeyIndex];
    const explicitHashKey =
      explicitHashKeyIndex === undefined ? undefined : explicitHashKeys[explicitHashKeyIndex];
    const isBadIndex =
      partitionKey === undefined || (explicitHashKeyIndex !== undefined && explicitHashKey === undefined);
    if (isBadIndex || !isHashKey(explicitHashKey)) {
      const count = records.length - userRecords.length;
      return { aggregated: true, userRecords, withheld: { count, reason: "bad_index" } };
    }
    if (!isWithin(range, explicitHashKey === undefined ? hashKeyOf(partitionKey) : BigInt(explicitHashKey))) {
      return {
        aggregated: true,
        userRecords: [],
        withheld: { count: records.length, reason: "out_of_range" },
      };
    }
    userRecords.push({ partitionKey, explicitHashKey, data });
  }
  return { aggregated: true, userRecords, withheld: undefined };
}

function aggregateIn(data: Uint8Array): ParsedAggregate | undefined {
  const from = MAGIC.length;
  if (data.length - from <= DIGEST_BYTES || MAGIC.compare(data, 0, from) !== 0) return undefined;
  const message = data.subarray(from, data.length - DIGEST_BYTES);
  const digest = createHash("md5").update(message).digest();
  if (digest.compare(data, data.length - DIGEST_BYTES) !== 0) return undefined;
  try {
    return parseAggregate(message);
  } catch (error) {
    if (error instanceof ProtobufError) return undefined;
    throw error;
  }
}

/** Java's BigInteger takes a sign; nothing else but digits. */
function isHashKey(text: string | undefined): boolean {
  return text === undefined || /^-?\d{1,64}$/.test(text);
}

const isWithin = ({ startingHashKey, endingHashKey }: HashKeyRange, hashKey: bigint): boolean =>
  hashKey >= startingHashKey && hashKey <= endingHashKey;
