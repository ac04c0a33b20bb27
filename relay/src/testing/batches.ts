import type { Batch } from "../batch.ts";

/** A batch of `count` lines of about `bytes` bytes each. */
export function batchOf(
  device: string,
  firstSeq: number,
  count: number,
  bytes = 100,
  epoch = "epoch-1",
): Batch {
  const ends: number[] = [];
  let text = "";
  for (let i = 0; i < count; i++) {
    const line = JSON.stringify({ device, epoch, seq: firstSeq + i, type: "tick", pad: "" });
    text += `${line.slice(0, -2)}${"x".repeat(Math.max(0, bytes - line.length - 1))}"}\n`;
    ends.push(text.length);
  }
  return { device, epoch, firstSeq, records: { bytes: Buffer.from(text), ends } };
}

/** The lines of a batch. */
export function linesOf(batch: Batch): string[] {
  const { bytes, ends } = batch.records;
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)).toString());
}
