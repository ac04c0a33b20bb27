import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { Sequence } from "./sequence.ts";

let clock: ManualClock;
let heard: number[];
let missing: number;
let sequence: Sequence<number>;
beforeEach(() => {
  clock = new ManualClock();
  heard = [];
  missing = 0;
  sequence = new Sequence(clock, {
    onNext: (notification) => heard.push(notification),
    onMissing: () => missing++,
  });
});
const take = (...numbers: readonly number[]) => {
  for (const seq of numbers) sequence.take(seq, seq);
};

describe("notifications", () => {
  it("are handed over in the order in which they were sent, each once", () => {
    take(0, 2, 3, 1, 1, 2, 4);
    expect(heard).toEqual([0, 1, 2, 3, 4]);
    expect(clock.timers).toBe(0);
  });

  it("wait for one that is missing for a second, and are not held up by it any longer", async () => {
    take(0, 2, 5);
    await clock.advance(999);
    expect([heard, missing]).toEqual([[0], 0]);
    await clock.advance(1);
    expect([heard, missing]).toEqual([[0, 2], 1]);
    // Too late: what it says was true before.
    take(1);
    await clock.advance(1_000);
    expect([heard, missing]).toEqual([[0, 2, 5], 2]);
    take(6);
    expect(heard).toEqual([0, 2, 5, 6]);
    expect(clock.timers).toBe(0);
  });

  it("do not wait in greater numbers than 16", () => {
    take(0, ...Array.from({ length: 17 }, (_, at) => at + 2));
    expect(heard).toHaveLength(18);
    expect(missing).toBe(1);
  });

  it("have the number 1 after the greatest one", async () => {
    take(0, 0xffff_fffd);
    expect(heard).toEqual([0]);
    for (const seq of [0x7fff_0000, 0xfffe_0000, 0xffff_fffd]) {
      take(seq);
      await clock.advance(1_000);
    }
    take(0xffff_ffff, 0xffff_fffe, 2, 1);
    await clock.advance(10_000);
    expect(heard).toEqual([0, 0x7fff_0000, 0xfffe_0000, 0xffff_fffd, 0xffff_fffe, 0xffff_ffff, 1, 2]);
  });

  it("are taken as they come where they have no number, and where each one has the first's", () => {
    sequence.take(undefined, 7);
    take(0, 0, 0);
    expect(heard).toEqual([7, 0, 0, 0]);
    take(1, 0);
    expect(heard).toEqual([7, 0, 0, 0, 1]);
  });

  it("come to nothing when it is closed", async () => {
    take(0, 2);
    sequence.close();
    await clock.advance(5_000);
    expect([heard, missing, clock.timers]).toEqual([[0], 0, 0]);
  });
});
