import type { Spent } from "../rate-limit/shared-spending.ts";

/** Between a worker and the process that started it. `id` brings an answer to its question. */
export type FromWorker =
  | { readonly kind: "serving"; readonly url: string; readonly operatorUrl: string }
  /** A batch of an epoch came that this worker has not served before. */
  | { readonly kind: "claim"; readonly id: number; readonly epochKey: string }
  | { readonly kind: "ask page"; readonly id: number; readonly path: string }
  | (Held & { readonly keeper: number })
  | (Keep & { readonly keeper: number })
  | SpentHere
  | Answer;

export type ToWorker =
  | { readonly kind: "release"; readonly id: number; readonly epochKey: string }
  | { readonly kind: "figures"; readonly id: number; readonly path: string }
  | Held
  | Keep
  /** Let what was accepted arrive, and end. */
  | { readonly kind: "stop" }
  | SpentHere
  | Answer;

/** Has this device batches in the keeper's spool? */
interface Held {
  readonly kind: "held";
  readonly id: number;
  readonly device: string;
}

/** The keeper is to store this batch: as it stands in a spool, a character for each byte. */
interface Keep {
  readonly kind: "keep";
  readonly id: number;
  readonly batch: string;
}

/** What a worker let in counts in the others' buckets too. */
interface SpentHere {
  readonly kind: "spent";
  readonly spent: readonly Spent[];
}

interface Answer {
  readonly kind: "answer";
  readonly id: number;
  /** What the question was for, as plain data; null when there is nothing. */
  readonly value: unknown;
}
