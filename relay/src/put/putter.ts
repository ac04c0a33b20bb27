import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { PutEntry } from "./put-entry.ts";

/** What became of one record of a call. */
export type PutResult =
  | { readonly ok: true; readonly shardId: string }
  | { readonly ok: false; readonly code: string };

/** What became of a call. A call that failed may have put its records all the same: it is sent again, and counted. */
export type PutAnswer =
  | { readonly kind: "answered"; readonly results: readonly PutResult[] }
  | { readonly kind: "failed"; readonly error: unknown };

/** Puts records into the stream; never rejects. */
export type PutRecords = (entries: readonly PutEntry[]) => Promise<PutAnswer>;

/** PutRecords by AWS's SDK. Retrying is the retrier's, record by record, so the client must be made with one attempt. */
export function putterFor(client: KinesisClient, streamName: string): PutRecords {
  return async (entries) => {
    try {
      const { Records: records = [] } = await client.send(
        new PutRecordsCommand({
          StreamName: streamName,
          Records: entries.map(({ partitionKey, explicitHashKey, data }) => ({
            PartitionKey: partitionKey,
            ExplicitHashKey: explicitHashKey,
            Data: data,
          })),
        }),
      );
      if (records.length !== entries.length) {
        throw new Error(`PutRecords answered ${records.length} results for ${entries.length} records`);
      }
      const results = records.map(({ ErrorCode, ShardId, SequenceNumber }): PutResult => {
        if (ErrorCode !== undefined || SequenceNumber === undefined)
          return { ok: false, code: ErrorCode ?? "Unknown" };
        return { ok: true, shardId: ShardId ?? "" };
      });
      return { kind: "answered", results };
    } catch (error) {
      return { kind: "failed", error };
    }
  };
}
