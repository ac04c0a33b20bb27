import { expect, it } from "vitest";
import { fuzz } from "../testing/fuzz.ts";
import { DEVICE, entries } from "../testing/store-contract.ts";
import {
  decodeFrame,
  decodeHeader,
  encodeAckFrame,
  encodeEventsFrame,
  encodeHeader,
  entriesOf,
  type Frame,
} from "./segment-format.ts";

const SALT = 7;
const EPOCH = "a".repeat(16);
const FRAMES = [
  encodeEventsFrame(SALT, entries(1, 3)),
  encodeEventsFrame(SALT, entries(10, 60, 1, 40)),
  encodeAckFrame(SALT, EPOCH, 9),
];

it("damaged frames are told from whole ones, and nothing that reads them throws", () => {
  let whole = 0;
  const inputs = fuzz({
    corpus: FRAMES,
    kept: "frames",
    inputs: 1_000_000,
    check(input) {
      const frame = decodeFrame(input, 0, SALT);
      if (!frame) return;
      whole++;
      // The checksum let it pass, so it must be one that was written.
      const bytes = Buffer.from(input.subarray(0, frame.byteLength));
      if (!FRAMES.some((good) => bytes.equals(good))) throw new Error("a damaged frame passed for whole");
    },
  });
  // Some changes touch only what stands behind the frame, or put back what was there.
  expect(whole).toBeGreaterThan(0);
  expect(whole).toBeLessThan(inputs / 10);
});

it("payloads that no log wrote give exactly the promised entries, or none", () => {
  const payloads = FRAMES.slice(0, 2).map((frame) => decodeFrame(frame, 0, SALT) as Frame);
  let read = 0;
  fuzz({
    corpus: payloads.map(({ payload }) => payload),
    kept: "payloads",
    inputs: 1_000_000,
    check(payload) {
      const frame: Frame = { ...payloads[0]!, payload, count: payload.length % 64 };
      const found = entriesOf(frame);
      if (!found) return;
      read++;
      const length = found.reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (found.length !== frame.count || length > payload.length) throw new Error("entries from nowhere");
      if (found.some(({ priority }) => priority > 3)) throw new Error("a priority that there is not");
    },
  });
  expect(read).toBeGreaterThan(0);
});

it("a damaged header gives what was written, or nothing", () => {
  const header = {
    spelling: 1,
    salt: SALT,
    number: 3,
    firstSeq: 11,
    createdMs: 1_763_840_940_000,
    epochIndex: 2,
    epoch: EPOCH,
    device: DEVICE,
  } as const;
  fuzz({
    corpus: [encodeHeader(header)],
    kept: "segment-headers",
    inputs: 300_000,
    check(input) {
      const found = decodeHeader(input);
      if (found && JSON.stringify(found) !== JSON.stringify(header)) throw new Error("another header");
    },
  });
});
