import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { Limiter } from "./limiter.ts";
import type { Lane } from "./put-entry.ts";

const RECORD = 10_486;

/** A limiter, and a shard that is asked for as much as it gives. */
function limiting() {
  const clock = new ManualClock();
  const limiter = new Limiter(clock, { shardBytesPerSecond: 1_048_576, shardRecordsPerSecond: 1_000 });
  /** Takes all there is every 10 ms; returns how many records that was. */
  const takeFor = async (ms: number, lane: Lane = "live", bytes = RECORD, answer = true) => {
    let taken = 0;
    for (const end = clock.now + ms; clock.now < end; await clock.advance(10)) {
      while (limiter.take("s", lane, bytes)) {
        taken++;
        if (answer) limiter.accepted("s", bytes);
      }
    }
    return taken;
  };
  return { clock, limiter, takeFor };
}

describe("the limiter of a shard", () => {
  it("begins at what Kinesis documents: 1 MiB and 1,000 records a second, and a quarter of that at once", async () => {
    const bytes = await limiting().takeFor(1_000, "live", RECORD, false);
    expect(bytes).toBeGreaterThanOrEqual(123);
    expect(bytes).toBeLessThanOrEqual(127);
    const records = await limiting().takeFor(1_000, "live", 1, false);
    expect(records).toBeGreaterThanOrEqual(1_230);
    expect(records).toBeLessThanOrEqual(1_260);
  });

  it("doubles where nothing is ever throttled, as long as it holds something back, and not otherwise", async () => {
    const { limiter, takeFor, clock } = limiting();
    await takeFor(2_000);
    expect(limiter.share("s")!.share).toBeGreaterThanOrEqual(64);
    const idle = limiting();
    for (let i = 0; i < 100; i++) {
      idle.limiter.take("s", "live", 100);
      idle.limiter.accepted("s", 100);
      await idle.clock.advance(20);
    }
    expect(idle.limiter.share("s")!.share).toBe(1);
    await clock.advance(1);
  });

  it("is cut by a part when Kinesis throttles, once for all calls made before, and then grows by little", async () => {
    const { clock, limiter, takeFor } = limiting();
    limiter.throttled("s", 0);
    expect(limiter.share("s")!.share).toBe(0.5);
    await clock.advance(100);
    limiter.throttled("s", 50);
    expect(limiter.share("s")!.share).toBe(0.4);
    for (let i = 0; i < 10; i++) limiter.throttled("s", 60);
    expect(limiter.share("s")).toMatchObject({ share: 0.4 });
    await takeFor(4_000);
    expect(limiter.share("s")!.share).toBeCloseTo(0.6, 1);
  });

  it("never learns so little that nothing goes", async () => {
    const { clock, limiter, takeFor } = limiting();
    for (let i = 0; i < 100; i++) {
      await clock.advance(10);
      limiter.throttled("s", clock.now);
    }
    expect(limiter.share("s")!.share).toBe(0.01);
    expect(await takeFor(2_000)).toBeGreaterThanOrEqual(2);
  });

  it("knows when the next record may go, also behind one that was larger than what there was", async () => {
    const { clock, limiter } = limiting();
    expect(limiter.waitMs("s", "live")).toBe(0);
    limiter.take("s", "live", 1_048_576);
    const waitMs = limiter.waitMs("s", "live");
    expect(waitMs).toBeGreaterThan(749);
    expect(waitMs).toBeLessThan(752);
    await clock.advance(waitMs - 2);
    expect(limiter.take("s", "live", 1)).toBe(false);
    await clock.advance(2);
    expect(limiter.take("s", "live", 1)).toBe(true);
  });

  it("says how much was accepted of late", async () => {
    const { limiter, takeFor } = limiting();
    limiter.throttled("s", 0);
    await takeFor(30_000);
    const { share, bytesPerSecond } = limiter.share("s")!;
    expect(bytesPerSecond / 1_048_576).toBeGreaterThan(share * 0.8);
    expect(bytesPerSecond / 1_048_576).toBeLessThan(share * 1.2);
    expect(limiter.share("t")).toBeUndefined();
  });
});

describe("what comes from the spool", () => {
  it("gets what live records leave, and leaves them enough to go at once", async () => {
    const { limiter, takeFor } = limiting();
    const taken = await takeFor(4_000, "spooled");
    expect(taken).toBeGreaterThan(380);
    expect(taken).toBeLessThan(430);
    // A tenth of a second of live records is there at any moment.
    let live = 0;
    while (limiter.take("s", "live", RECORD)) live++;
    expect(live).toBeGreaterThanOrEqual(10);
    expect(limiter.share("s")!.share).toBe(1);
  });

  it("gets a tenth when live records take all they can, so that it comes to an end", async () => {
    const { clock, limiter } = limiting();
    limiter.throttled("s", 0);
    const taken = { live: 0, spooled: 0 };
    for (; clock.now < 20_000; await clock.advance(10)) {
      while (limiter.take("s", "live", RECORD)) taken.live++;
      if (limiter.take("s", "spooled", RECORD)) taken.spooled++;
    }
    const part = taken.spooled / (taken.live + taken.spooled);
    expect(part).toBeGreaterThan(0.08);
    expect(part).toBeLessThan(0.13);
  });
});
