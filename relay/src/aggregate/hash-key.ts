import { hash } from "node:crypto";

/** Largest hash key: 2^128 - 1. */
export const HASH_KEY_MAX = 2n ** 128n - 1n;

/** The hash key that Kinesis gives to a partition key: MD5 of its UTF-8, big-endian. */
export function hashKeyOf(partitionKey: string): bigint {
  return BigInt(`0x${hash("md5", partitionKey)}`);
}
