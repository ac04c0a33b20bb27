import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slab } from "./slab.ts";

describe("a slab", () => {
  it("gives rooms that never overlap, in whatever order they are taken and trimmed", () => {
    const steps = fc.array(fc.record({ bytes: fc.nat(90), keep: fc.nat(100), late: fc.boolean() }));
    fc.assert(
      fc.property(steps, (taken) => {
        const slab = new Slab(64);
        const rooms: Buffer[] = [];
        const later: (() => void)[] = [];
        for (const { bytes, keep, late } of taken) {
          const room = slab.take(bytes);
          expect(room.length).toBe(bytes);
          const own = rooms.push(room) - 1;
          const trim = () => {
            rooms[own] = slab.trim(room, Math.min(keep, bytes));
          };
          if (late) later.push(trim);
          else trim();
        }
        for (const trim of later) trim();
        for (const [i, room] of rooms.entries()) room.fill(i);
        for (const [i, room] of rooms.entries()) expect(room.every((byte) => byte === i % 256)).toBe(true);
      }),
    );
  });

  it("gives the next what the last one did not need", () => {
    const slab = new Slab(64);
    const first = slab.trim(slab.take(60), 10);
    const second = slab.take(50);
    expect([second.buffer === first.buffer, second.byteOffset - first.byteOffset]).toEqual([true, 10]);
  });
});
