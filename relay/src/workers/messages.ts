import type { Spent } from "../rate-limit/shared-spending.ts";

/** Between a worker and the process that started it. `id` brings an answer to its question. */
export type FromWorker =
  | { readonly kind: "serving"; readonly url: string; readonly operatorUrl: string }
  /** A batch of an epoch came that this worker has not served before. */
  | { readonly kind: "claim"; readonly id: number; readonly epochKey: string }
  | { readonly kind: "ask page"; readonly id: number; readonly path: string }
  | SpentHere
  | Answer;

export type ToWorker =
  | { readonly kind: "release"; readonly id: number; readonly epochKey: string }
  | { readonly kind: "figures"; readonly id: number; readonly path: string }
  /** Let what was accepted arrive, and end. */
  | { readonly kind: "stop" }
  | SpentHere
  | Answer;

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
