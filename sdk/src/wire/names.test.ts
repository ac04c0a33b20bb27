import { expect, it } from "vitest";
import { numberOfPiece } from "./columns/words.ts";
import { isControlType, RESERVED_KEYS, reservedKeyIn } from "./names.ts";

it("every name that belongs to the relay is found in data, and no other", () => {
  for (const key of RESERVED_KEYS) expect(reservedKeyIn({ title: "t", [key]: 1 })).toBe(key);
  expect(reservedKeyIn({ title: "t", Device: 1, seq_no: 2 })).toBeUndefined();
  // What is inherited does not go into the stream.
  expect(reservedKeyIn(Object.create({ seq: 1 }))).toBeUndefined();
});

it("control types are those four", () => {
  expect(["$open", "$drop", "$close", "$purge"].every(isControlType)).toBe(true);
  expect(["$other", "open", "play"].some(isControlType)).toBe(false);
});

it("a piece of a shape has a number when it is a name of the vocabulary, where that can stand", () => {
  const number = (text: string, isFirst: boolean) => numberOfPiece(new TextEncoder().encode(text), isFirst);
  expect([number('{"play_id":', true), number(',"report_type":', false), number("}", false)]).toEqual([
    1, 2, 0,
  ]);
  expect([number(',"play_id":', true), number('{"play_id":', false), number(',"other":', false)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  // However long it is.
  for (const times of [20, 60_000]) expect(number(`,"${"long".repeat(times)}":`, false)).toBeUndefined();
});
