import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { REQUEST_BYTES } from "../rate-limit/rate-limits.ts";
import { Entrance } from "./entrance.ts";
import { loadRules } from "./load-rules.ts";

const KIB = 1_024;
const HEADER = { device: "d", epoch: "e", firstSeq: 1, count: 1 };

/** How many requests of a device are let in at once, of a body so long that takes so much of the stream. */
function letIn(bodyBytes: number, streamBytes: number): number {
  const options = { deviceBytesPerSecond: KIB, deviceBurstBytes: 1_024 * KIB };
  const entrance = new Entrance(loadRules(checkConfig({ insecure: true, ...options })), new ManualClock());
  const credentials = { authorization: undefined, certificate: undefined };
  let count = 0;
  try {
    for (; count < 1_000; count++) {
      const intake = entrance.intakeFor(entrance.receive(credentials), bodyBytes);
      intake.admit(HEADER);
      intake.decoded(streamBytes);
    }
  } catch {
    expect(entrance.limited).toEqual({ device: 1, write_key: 0 });
  }
  return count;
}

describe("what a device may send", () => {
  const most = (bytes: number) => Math.ceil((1_024 * KIB) / (REQUEST_BYTES + bytes));

  it("is as much of the stream in any spelling: what says the same in fewer bytes lets no more through", () => {
    expect(letIn(4 * KIB, 20 * KIB)).toBe(most(20 * KIB));
    expect(letIn(20 * KIB, 20 * KIB)).toBe(most(20 * KIB));
  });

  it("is no more of bodies that come to little, or to nothing", () => {
    expect(letIn(20 * KIB, 4 * KIB)).toBe(most(20 * KIB));
  });
});
