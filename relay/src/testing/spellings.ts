import { encode } from "@msgpack/msgpack";
import type { Batch } from "../batch.ts";
import { decodeMsgpackBatch } from "../ingest/msgpack-batch.ts";
import { decodeNdjsonBatch } from "../ingest/ndjson-batch.ts";
import { Refusal } from "../refusal.ts";

export const NOW = 1_763_840_999_000;
export const HEADER = { v: 1, device: "d1", epoch: "e1", first_seq: 7 };
export type Event = readonly [
  type: unknown,
  timeMs: unknown,
  monoMs: unknown,
  offsetMs: unknown,
  data: string,
];
export const EVENT: Event = ["play", 1_763_840_940_123, 5, null, '{"title":"x"}'];

export const asMsgpack = (header: object, events: readonly unknown[]): Batch =>
  decodeMsgpackBatch(Buffer.from(encode({ ...header, events })), NOW);

function asNdjson(header: object, events: readonly (Event | null)[]): Batch {
  const lines = events.map((event) => {
    if (!event) return "null";
    const [type, timeMs, monoMs, offsetMs, data] = event;
    const head = [type, timeMs, monoMs, offsetMs].map((value) => JSON.stringify(value) ?? "null").join(",");
    return `[${head},${data}]`;
  });
  const first = JSON.stringify({ ...header, count: events.length });
  return decodeNdjsonBatch(Buffer.from([first, ...lines, ""].join("\n")), NOW);
}

export const spellings = [
  ["msgpack", asMsgpack],
  ["NDJSON", asNdjson],
] as const;

/** What is refused, and with what. */
export function refusalOf(decode: () => unknown): { code: string; message: string; seq: number | undefined } {
  try {
    decode();
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.message, seq: error.seq };
    throw error;
  }
  throw new Error("nothing was refused");
}
