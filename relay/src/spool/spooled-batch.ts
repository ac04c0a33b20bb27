/** How a batch stands in the spool: one line of JSON with its header, then its user records as they are. */
import type { Batch } from "../batch.ts";

const LINE_FEED = 0x0a;

export function encodeSpooledBatch(batch: Batch): Uint8Array {
  const { device, epoch, firstSeq, records } = batch;
  const head = Buffer.from(`${JSON.stringify({ device, epoch, firstSeq })}\n`, "latin1");
  return Buffer.concat([head, records.bytes]);
}

/** @returns undefined when the bytes are not a spooled batch. */
export function decodeSpooledBatch(bytes: Uint8Array): Batch | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = buffer.indexOf(LINE_FEED) + 1;
  const header = headerIn(buffer.toString("latin1", 0, from));
  const lines = buffer.subarray(from);
  if (!header || lines.at(-1) !== LINE_FEED) return undefined;
  const ends: number[] = [];
  // A user record holds no line feed but its last byte, or it would not have come in.
  for (let at = lines.indexOf(LINE_FEED); at >= 0; at = lines.indexOf(LINE_FEED, at + 1)) ends.push(at + 1);
  return { ...header, records: { bytes: lines, ends } };
}

function headerIn(line: string): Omit<Batch, "records"> | undefined {
  try {
    const { device, epoch, firstSeq } = JSON.parse(line) as Record<keyof Batch, unknown>;
    const isHeader =
      typeof device === "string" && typeof epoch === "string" && Number.isSafeInteger(firstSeq);
    return isHeader ? { device, epoch, firstSeq: firstSeq as number } : undefined;
  } catch {
    return undefined;
  }
}
