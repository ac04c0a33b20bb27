import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slab } from "./slab.ts";

describe("a slab", () => {
  it("gives rooms that never overlap one in use, in whatever order they are taken, trimmed and given back", () => {
    const steps = fc.array(
      fc.record({ bytes: fc.nat(90), keep: fc.nat(100), late: fc.boolean(), freed: fc.option(fc.nat(20)) }),
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const slab = new Slab(64, 2);
        let inUse: { readonly room: ReturnType<Slab["take"]>; readonly mark: number }[] = [];
        const later: (() => void)[] = [];
        for (const [i, { bytes, keep, late, freed }] of taken.entries()) {
          const room = slab.take(bytes);
          expect(room.bytes.length).toBe(bytes);
          room.bytes.fill(i);
          inUse.push({ room, mark: i % 256 });
          const trim = () => room.trim(Math.min(keep, room.bytes.length));
          if (late) later.push(trim);
          else trim();
          if (freed !== null) {
            inUse[freed]?.room.free();
            inUse = inUse.toSpliced(freed, 1);
          }
          for (const own of inUse) expect(own.room.bytes.every((byte) => byte === own.mark)).toBe(true);
        }
        for (const trim of later) trim();
        for (const own of inUse) expect(own.room.bytes.every((byte) => byte === own.mark)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives the next what the last one did not need", () => {
    const slab = new Slab(64, 2);
    const first = slab.take(60);
    first.trim(10);
    const second = slab.take(50);
    const apart = second.bytes.byteOffset - first.bytes.byteOffset;
    expect([second.bytes.buffer === first.bytes.buffer, apart]).toEqual([true, 10]);
  });

  it("uses a piece again once all of its rooms have been given back, and not before", () => {
    const slab = new Slab(4_096, 2);
    const [first, second] = [slab.take(2_000), slab.take(2_000)];
    const piece = first.bytes.buffer;
    const other = slab.take(2_000).bytes.buffer;
    first.free();
    expect([slab.take(2_000).bytes.buffer, slab.take(2_000).bytes.buffer]).not.toContain(piece);
    second.free();
    slab.take(2_000);
    expect([other === piece, slab.take(2_000).bytes.buffer === piece]).toEqual([false, true]);
  });

  it("takes a room back once, whoever gives it back again", () => {
    const slab = new Slab(64, 2);
    const first = slab.take(20);
    const second = slab.take(20);
    first.free();
    first.free();
    const third = slab.take(20);
    expect(third.bytes.byteOffset).toBe(second.bytes.byteOffset + 20);
  });
});
