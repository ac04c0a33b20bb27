import type { Durable } from "@tonearm/sdk/wire";
import { type Batch, epochKeyOf, lastSeqOf } from "./batch.ts";
import { type Recent, recent } from "./memory/recent.ts";

/** A stretch of one epoch that this relay itself has seen accepted, both ends included. */
export interface Accepted {
  readonly fromSeq: number;
  readonly throughSeq: number;
  /** `spool` once part of it went there. */
  readonly durable: Durable;
}

/**
 * Remembers what was accepted of each epoch, so that a batch that comes again (its answer was lost) is acknowledged and
 * not written a second time. Only what this relay saw accepted counts: forgetting costs duplicates, never events.
 */
export class Resends {
  readonly #accepted: Recent<Accepted>;

  /** @param epochsMax epochs remembered; the longest untouched are forgotten. */
  constructor(epochsMax: number) {
    this.#accepted = recent(epochsMax);
  }

  /** How many numbers at the beginning of a batch are known to be safe, and where. */
  knownPrefix(
    batch: Batch,
    epochKey = epochKeyOf(batch),
  ): { readonly length: number; readonly durable: Durable } {
    const accepted = this.#accepted.get(epochKey);
    const { firstSeq } = batch;
    if (!accepted || firstSeq < accepted.fromSeq || firstSeq > accepted.throughSeq) return NONE;
    return {
      length: Math.min(lastSeqOf(batch), accepted.throughSeq) - firstSeq + 1,
      durable: accepted.durable,
    };
  }

  /** Takes note of what another worker of this relay has seen accepted. */
  adopt(epochKey: string, accepted: Accepted): void {
    this.#accepted.set(epochKey, accepted);
  }

  /** Forgets an epoch; returns what was known of it. */
  release(epochKey: string): Accepted | undefined {
    const accepted = this.#accepted.get(epochKey);
    this.#accepted.delete(epochKey);
    return accepted;
  }

  /** Takes note of an accepted batch: it lengthens the stretch that it continues, or begins a new one. */
  accept(batch: Batch, durable: Durable, epochKey = epochKeyOf(batch)): void {
    const { firstSeq } = batch;
    const throughSeq = lastSeqOf(batch);
    const before = this.#accepted.get(epochKey);
    const continues = before && firstSeq >= before.fromSeq && firstSeq <= before.throughSeq + 1;
    this.#accepted.set(
      epochKey,
      continues
        ? {
            fromSeq: before.fromSeq,
            throughSeq: Math.max(before.throughSeq, throughSeq),
            durable: before.durable === "spool" ? "spool" : durable,
          }
        : { fromSeq: firstSeq, throughSeq, durable },
    );
  }
}

const NONE = { length: 0, durable: "stream" } as const;
