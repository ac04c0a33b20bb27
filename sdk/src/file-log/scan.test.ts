import { expect, it } from "vitest";
import { packer } from "../node/compress.ts";
import { entries } from "../testing/store-contract.ts";
import { scanFrames } from "./scan.ts";
import { encodeAckFrame, encodeEventsFrame } from "./segment-format.ts";

const SALT = 7;
const EPOCH = "a".repeat(16);
const junk = (length: number) => new Uint8Array(length).fill(0x66);
const frames = {
  first: encodeEventsFrame(SALT, entries(1, 2)),
  second: encodeEventsFrame(SALT, entries(3, 4)),
  packed: encodeEventsFrame(SALT, entries(5, 204), packer),
  ack: encodeAckFrame(SALT, EPOCH, 2),
};

/** What is found, events by their numbers, damage by its length. */
function found(parts: readonly Uint8Array[], from = 0, usesPacker = true) {
  const bytes = new Uint8Array(Buffer.concat(parts));
  return Array.from(scanFrames(bytes, from, SALT, usesPacker ? packer : undefined), (finding) => {
    if (finding.kind === "events") return [finding.entries[0]!.seq, finding.entries.at(-1)!.seq];
    return finding.kind === "ack" ? `${finding.epoch} ${finding.throughSeq}` : `${finding.bytes} damaged`;
  });
}

it("frames of every kind are found in their order, and nothing where there is nothing", () => {
  const { first, ack, packed, second } = frames;
  expect(found([first, ack, packed, second])).toEqual([[1, 2], `${EPOCH} 2`, [5, 204], [3, 4]]);
  expect(found([first, second], first.length)).toEqual([[3, 4]]);
  expect(found([])).toEqual([]);
});

it("what lies between frames, before and behind them is damage, of so many bytes", () => {
  const { first, second } = frames;
  expect(found([junk(9), first, junk(33), second, junk(5)])).toEqual([
    "9 damaged",
    [1, 2],
    "33 damaged",
    [3, 4],
    "5 damaged",
  ]);
  expect(found([junk(9)])).toEqual(["9 damaged"]);
});

it("damaged frames one after another are one damage", () => {
  const { first, second } = frames;
  const [one, other] = [first, second].map((frame) => {
    const bytes = frame.slice();
    bytes[40]! ^= 0xff;
    return bytes;
  });
  expect(found([one!, other!, first])).toEqual([`${one!.length + other!.length} damaged`, [1, 2]]);
});

it("a frame that cannot be unpacked is damage, whole", () => {
  const { first, packed, ack } = frames;
  expect(found([first, packed, ack], 0, false)).toEqual([[1, 2], `${packed.length} damaged`, `${EPOCH} 2`]);
});
