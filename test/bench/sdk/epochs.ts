import { decode } from "@msgpack/msgpack";
import { readColumns } from "../../support/columns.ts";

interface Batch {
  readonly epoch: string;
  readonly first_seq: number;
  readonly events: readonly Event[];
}

/** Type, time, monotonic time, offset, data: as JSON text in msgpack, as an object in NDJSON. */
type Event = readonly [string, number, number, number | null, unknown];

/** Takes a batch apart, in any spelling: by columns it begins with an array, NDJSON begins with a brace. */
export function decodeBatch(body: Uint8Array): Batch {
  if (body[0] === 0x97) return readColumns(body) as Batch;
  if (body[0] !== 0x7b) return decode(body) as Batch;
  const [header, ...events] = new TextDecoder().decode(body).trimEnd().split("\n");
  return { ...(JSON.parse(header!) as Batch), events: events.map((line) => JSON.parse(line) as Event) };
}

/** A relay's answer to every batch, and a book of every number that came. Batches are read by a library not our own. */
export class Epochs {
  readonly #seqs = new Map<string, Set<number>>();
  /** Numbers that came again. */
  duplicates = 0;

  /** Takes a batch down, and returns the body of the answer. */
  accept(body: Uint8Array): { acked_through: number; durable: "stream"; server_time: number } {
    const { epoch, first_seq, events } = decodeBatch(body);
    const seqs = this.#seqs.get(epoch) ?? new Set();
    this.#seqs.set(epoch, seqs);
    for (let seq = first_seq; seq < first_seq + events.length; seq++) {
      if (seqs.has(seq)) this.duplicates++;
      seqs.add(seq);
    }
    return { acked_through: first_seq + events.length - 1, durable: "stream", server_time: Date.now() };
  }

  /** Numbers from 1 to the highest of each epoch that never came. */
  get missing(): number {
    let missing = 0;
    for (const seqs of this.#seqs.values()) missing += Math.max(...seqs) - seqs.size;
    return missing;
  }
}
