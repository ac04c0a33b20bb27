import { describe, expect, it } from "vitest";
import { entries } from "../testing/store-contract.ts";
import { newSegment, type Segment } from "./catalog.ts";
import { chooseSacrifices, split } from "./eviction.ts";
import { encodeEventsFrame, encodeHeader, type SegmentHeader, segmentName } from "./segment-format.ts";

const MIB = 1_048_576;
const HEADER: SegmentHeader = {
  spelling: 1,
  salt: 7,
  number: 1,
  firstSeq: 1,
  createdMs: 0,
  epochIndex: 1,
  epoch: "a".repeat(16),
  device: "speaker-1",
};

/** @param live its events that wait, by priority. */
function segment(number: number, bytes: number, live: Segment["live"], sealed = true): Segment {
  return { ...newSegment(segmentName(number), { ...HEADER, number }), bytes, live, sealed };
}

const chosen = (candidates: readonly Segment[], bytes: number, events: number, ripeBytes = 100) =>
  chooseSacrifices(candidates, { bytes, events }, ripeBytes).map(({ segment: { header }, priority }) => [
    header.number,
    priority,
  ]);

describe("what is given up", () => {
  const three = [1, 2, 3].map((number) => segment(number, 1_000, [0, 0, 0, 10]));

  it("is the oldest, as much as is over the cap and not more", () => {
    expect(chosen(three, 1_000, -1)).toEqual([[1, 3]]);
    expect(chosen(three, 1_001, -1)).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect(chosen(three, -1, 10)).toEqual([[1, 3]]);
    expect(chosen(three, 0, 11)).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect(chosen(three, 1, 11)).toHaveLength(2);
  });

  it("is something when nothing is over the caps: the medium is short", () => {
    expect(chosen(three, -5, -5)).toEqual([[1, 3]]);
  });

  it("is the least important of all files before anything more important, and never a control record", () => {
    const mixed = [1, 2].map((number) => segment(number, 1_000, [5, 5, 5, 5]));
    expect(chosen(mixed, 500, -1)).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect(chosen(mixed, 501, -1)).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(chosen(mixed, 1_001, -1)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(chosen(mixed, 1e9, 1e9)).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(chosen([segment(1, 1_000, [9, 0, 0, 0])], 1e9, 1e9)).toEqual([]);
  });

  it("is not so little of so many files that more than 2 MiB would have to be written anew", () => {
    const little = Array.from({ length: 9 }, (_, i) => segment(i + 1, 2 * MIB, [0, 1, 0, 1]));
    expect(chosen(little, 1e9, 1e9)).toEqual([
      [1, 3],
      [2, 3],
    ]);
    // What goes whole is not written anew, although it goes by and by.
    const whole = Array.from({ length: 3 }, (_, i) => segment(i + 1, MIB, [0, 0, 1, 1]));
    expect(chosen(whole, 1e9, 1e9)).toEqual([
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
  });

  it("comes from the file that is being written only when that is large enough, or there is no other", () => {
    const [old, young] = [segment(1, 1_000, [0, 0, 0, 10]), segment(2, 99, [0, 0, 0, 10], false)];
    expect(chosen([old, young], 1e9, 1e9)).toEqual([[1, 3]]);
    expect(chosen([young], 1e9, 1e9)).toEqual([[2, 3]]);
    expect(chosen([old, { ...young, bytes: 100 }], 1e9, 1e9)).toEqual([
      [1, 3],
      [2, 3],
    ]);
  });
});

describe("a file of which something goes", () => {
  const frames = [entries(1, 2, 0), entries(3, 4, 1), entries(5, 6, 2), entries(7, 8, 3)];
  const encoded = frames.map((each) => encodeEventsFrame(HEADER.salt, each));
  const file = new Uint8Array(Buffer.concat([encodeHeader(HEADER), ...encoded]));
  const whole = { ...segment(1, file.length, [2, 2, 2, 2]), repeatedSeq: 0 };
  const seqs = (given: readonly { readonly seq: number }[]) => given.map(({ seq }) => seq);
  const parts = (bytes: Uint8Array, acknowledgedThrough = 0, repeatedSeq = 0) => {
    const told = split(
      { segment: { ...whole, repeatedSeq }, priority: 2 },
      acknowledgedThrough,
      bytes,
      undefined,
    );
    return { given: seqs(told.given), kept: seqs(told.kept), damaged: told.damaged };
  };

  it("keeps what is more important and waits", () => {
    expect(parts(file)).toEqual({ given: [5, 6, 7, 8], kept: [1, 2, 3, 4], damaged: false });
    expect(parts(file, 2)).toEqual({ given: [5, 6, 7, 8], kept: [3, 4], damaged: false });
    expect(parts(file, 5)).toEqual({ given: [6, 7, 8], kept: [], damaged: false });
  });

  it("gives up what stands in an earlier file, too, with that one", () => {
    expect(parts(file, 0, 5)).toEqual({ given: [6, 7, 8], kept: [1, 2, 3, 4], damaged: false });
  });

  it("may have had others when it is shorter than it was, or damaged in the middle or at its end", () => {
    expect(parts(file.subarray(0, -encoded[3]!.length))).toEqual({
      given: [5, 6],
      kept: [1, 2, 3, 4],
      damaged: true,
    });
    const middle = file.slice();
    middle[300]! ^= 0xff;
    expect(parts(middle)).toEqual({ given: [5, 6, 7, 8], kept: [3, 4], damaged: true });
    const end = file.slice();
    end[end.length - 1]! ^= 0xff;
    expect(parts(end)).toEqual({ given: [5, 6], kept: [1, 2, 3, 4], damaged: true });
  });
});
