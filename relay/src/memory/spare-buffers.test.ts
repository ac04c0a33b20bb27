import { describe, expect, it } from "vitest";
import { SpareBuffers } from "./spare-buffers.ts";

describe("spare buffers", () => {
  it("are given to the next who needs no more than they have", () => {
    const spares = new SpareBuffers(2);
    const [small, large] = [spares.take(5_000), spares.take(60_000)];
    expect([small.length, large.length]).toEqual([8_192, 65_536]);
    spares.giveBack(large);
    spares.giveBack(small);
    expect(spares.take(8_193)).toBe(large);
    expect(spares.take(8_193)).not.toBe(large);
    expect(spares.take(8_192)).toBe(small);
  });

  it("are kept up to a number, the larger ones rather than the smaller", () => {
    const spares = new SpareBuffers(2);
    for (const bytes of [4_096, 8_192, 16_384, 65_536]) spares.giveBack(Buffer.allocUnsafeSlow(bytes));
    const lengths = [spares.take(1), spares.take(1), spares.take(1)].map(({ length }) => length);
    expect(lengths.toSorted((a, b) => a - b)).toEqual([4_096, 16_384, 65_536]);
  });
});
