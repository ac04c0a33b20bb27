import { expect, it } from "vitest";
import { interpret } from "./answer.ts";
import { fuzz } from "./testing/fuzz.ts";

const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const CORPUS = [
  encoded({ acked_through: 7, durable: "stream", server_time: 1_763_840_999_000 }),
  encoded({ acked_through: 7, durable: "spool", settings: { flush_interval_ms: 60_000 } }),
  encoded({ code: "invalid_event", message: "event 7: type must be text", seq: 7 }),
  encoded({ code: "overloaded", message: "later" }),
];
const STATUSES = [200, 200, 400, 413, 429, 503, 302, 500];

it("whatever is answered has a meaning, and nothing but a whole number acknowledges", () => {
  const kinds = new Set<string>();
  let turn = 0;
  fuzz({
    corpus: CORPUS,
    kept: "answer",
    inputs: 500_000,
    check(input) {
      const body = Buffer.from(input).toString();
      const status = STATUSES[turn++ % STATUSES.length]!;
      const answer = interpret({ status, body, retryAfter: body.slice(0, 12), date: undefined }, 1);
      kinds.add(answer.kind);
      if (answer.kind === "accepted" && (status !== 200 || !Number.isSafeInteger(answer.throughSeq))) {
        throw new Error("an answer acknowledges that does not say how far");
      }
      if (answer.kind === "rejected" && status !== 400 && status !== 413) throw new Error("given up in vain");
      if (answer.kind === "retry" && answer.afterMs !== undefined && !(answer.afterMs >= 0))
        throw new Error("a wait that is none");
    },
  });
  expect([...kinds].toSorted()).toEqual(["accepted", "rejected", "retry"]);
});
