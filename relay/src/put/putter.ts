import { type KinesisClient, type KinesisServiceException, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { Clock } from "@tonearm/sdk/ports";
import { freeBodyOf } from "../kinesis/cbor-protocol.ts";
import type { PutEntry } from "./put-entry.ts";

/** What became of one record of a call. */
export type PutResult =
  | { readonly ok: true; readonly shardId: string }
  | { readonly ok: false; readonly code: string };

/** What became of a call. */
export type PutAnswer =
  | { readonly kind: "answered"; readonly results: readonly PutResult[] }
  /** Kinesis takes no call with one of these records, now or later; the error's name is its name for that. */
  | { readonly kind: "refused"; readonly error: Error }
  /** It may have put its records all the same: it is sent again, and counted. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Puts records into the stream; never rejects. Once it has resolved, their memory is used again: what is still on its way must be a copy. */
export type PutRecords = (entries: readonly PutEntry[]) => Promise<PutAnswer>;

/** Names that Kinesis has for too much at once. They say nothing of its health. */
const THROTTLED = /^(ProvisionedThroughputExceeded|Throttling|LimitExceeded|RequestLimitExceeded)/;
/** Names for a request that is wrong in itself. */
const REFUSED = /^(Validation|InvalidArgument|Serialization|RequestEntityTooLarge)/;
const TOO_LARGE = 413;

export const isThrottled = (code: string): boolean => THROTTLED.test(code);

/**
 * PutRecords by AWS's SDK. Retrying is the retrier's, record by record, so the client must be made with one attempt. Its own
 * timeout is over when an answer begins; a call here must have ended within `timeoutMs`.
 */
export function putterFor(
  client: KinesisClient,
  streamName: string,
  clock: Clock,
  timeoutMs: number,
): PutRecords {
  return async (entries) => {
    const abort = new AbortController();
    const cancel = clock.after(timeoutMs, () => abort.abort(), true);
    try {
      const input = {
        StreamName: streamName,
        Records: entries.map(({ partitionKey, explicitHashKey, data }) => ({
          PartitionKey: partitionKey,
          ExplicitHashKey: explicitHashKey,
          Data: data,
        })),
      };
      const answer = await client.send(new PutRecordsCommand(input), { abortSignal: abort.signal });
      const { Records: records = [] } = answer;
      if (records.length !== entries.length) {
        throw new Error(`PutRecords answered ${records.length} results for ${entries.length} records`);
      }
      freeBodyOf(input);
      const results = records.map(({ ErrorCode, ShardId, SequenceNumber }): PutResult => {
        if (ErrorCode !== undefined || SequenceNumber === undefined)
          return { ok: false, code: ErrorCode ?? "Unknown" };
        return { ok: true, shardId: ShardId ?? "" };
      });
      return { kind: "answered", results };
    } catch (error) {
      if (abort.signal.aborted) {
        return { kind: "failed", error: new Error(`PutRecords did not end within ${timeoutMs} ms`) };
      }
      return answerOf(error, entries.length);
    } finally {
      cancel();
    }
  };
}

function answerOf(error: unknown, count: number): PutAnswer {
  if (!(error instanceof Error)) return { kind: "failed", error };
  if (isThrottled(error.name)) {
    return {
      kind: "answered",
      results: Array.from({ length: count }, () => ({ ok: false, code: error.name })),
    };
  }
  const { $metadata } = error as Partial<KinesisServiceException>;
  const isRefused = REFUSED.test(error.name) || $metadata?.httpStatusCode === TOO_LARGE;
  return isRefused ? { kind: "refused", error } : { kind: "failed", error };
}
