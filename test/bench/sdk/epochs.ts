import { decode } from "@msgpack/msgpack";

interface Batch {
  readonly epoch: string;
  readonly first_seq: number;
  readonly events: readonly unknown[];
}

/** A relay's answer to every batch, and a book of every number that came. Batches are read by a library not our own. */
export class Epochs {
  readonly #seqs = new Map<string, Set<number>>();
  /** Numbers that came again. */
  duplicates = 0;

  /** Takes a batch down, and returns the body of the answer. */
  accept(body: Uint8Array): { acked_through: number; durable: "stream"; server_time: number } {
    const { epoch, first_seq, events } = decode(body) as Batch;
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
