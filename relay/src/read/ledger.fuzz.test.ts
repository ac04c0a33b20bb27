import { fuzz } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import { Ledger, type StreamRecord } from "./ledger.ts";

const EPOCHS = ["e1", "e2"];
const NUMBERS = [0, 1, 2, 3, 5, 8, 40, -1, 1.5, Number.MAX_SAFE_INTEGER, "3", null];

/** Three bytes are one record: what it is, which epoch, which numbers. */
function recordOf(a: number, b: number, c: number, seq: number): StreamRecord {
  const epoch = EPOCHS[a & 1]!;
  const [x, y] = [NUMBERS[b % NUMBERS.length], NUMBERS[c % NUMBERS.length]];
  const other = EPOCHS[(a >> 1) & 1]!;
  const head = { device: "d", epoch, seq };
  switch ((a >> 2) % 6) {
    case 0:
      return { ...head, type: "$open", previous_epoch: other, previous_last_seq: x };
    case 1:
      return { ...head, type: "$close", last_seq: x };
    case 2:
      return { ...head, type: "$close", close_epoch: other, last_seq: x };
    case 3:
      return { ...head, type: "$drop", drop_epoch: other, from_seq: x, to_seq: y, count: NUMBERS[a % 8] };
    default:
      return { ...head, type: "tick" };
  }
}

it("whatever control records say, the verdict agrees with the numbers, and huge ranges cost nothing", () => {
  const verdicts = new Set<string>();
  fuzz({
    corpus: [
      Uint8Array.from({ length: 24 }, (_, i) => i * 37),
      Uint8Array.from({ length: 60 }, (_, i) => i * 11),
    ],
    kept: "ledger",
    inputs: 200_000,
    check(input) {
      const ledger = new Ledger();
      const end = Math.min(input.length - 2, 90);
      for (let at = 0; at < end; at += 3) {
        ledger.add(recordOf(input[at]!, input[at + 1]!, input[at + 2]!, 1 + (input[at + 1]! >> 3)));
      }
      for (const {
        verdict,
        end: how,
        missing,
        lastSeq,
        dropped,
        events,
        controlRecords,
      } of ledger.reports()) {
        verdicts.add(verdict);
        const absent = missing.reduce((sum, [from, to]) => sum + to - from + 1, 0);
        const isWhole = absent === 0;
        if ((verdict === "INCOMPLETE") === isWhole)
          throw new Error("the verdict contradicts what is missing");
        if (verdict === "COMPLETE" && how !== "closed") throw new Error("complete, and never closed");
        const known = events + controlRecords + dropped;
        if (isWhole && known < lastSeq && lastSeq < 2 ** 52)
          throw new Error("numbers that nobody accounts for");
      }
    },
  });
  expect([...verdicts].toSorted()).toEqual(["COMPLETE", "INCOMPLETE", "UNPROVEN"]);
});
