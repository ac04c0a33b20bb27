import { ManualClock } from "@tonearm/sdk/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refusal } from "../refusal.ts";
import { type RateLimitOptions, RateLimits, REQUEST_BYTES } from "./rate-limits.ts";
import type { Spent } from "./shared-spending.ts";
import { type Bucket, take, waitMsOf } from "./token-bucket.ts";

const KIB = 1_024;
const SIZE = { bytesPerSecond: 100 * KIB, burstBytes: 200 * KIB };

function limits(options: Partial<RateLimitOptions> = {}) {
  const clock = new ManualClock();
  const all = new RateLimits({ device: SIZE, write_key: undefined, ...options }, clock);
  /** The refusal's wait in ms; 0 when it was let in. */
  const send = (device: string, bytes: number, key?: string): number => {
    try {
      all.take(key, device, bytes);
      return 0;
    } catch (error) {
      if (error instanceof Refusal && error.code === "too_many_requests") return error.retryAfterMs!;
      throw error;
    }
  };
  return { clock, all, send };
}

describe("a bucket", () => {
  it("never gives more than its burst and what has come in since, but for the last that was taken", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 300 * KIB })), {
          maxLength: 50,
        }),
        (steps) => {
          let bucket: Bucket | undefined;
          let nowMs = 0;
          let given = 0;
          for (const [pauseMs, bytes] of steps) {
            nowMs += pauseMs;
            if (waitMsOf(bucket, SIZE, nowMs) > 0) continue;
            expect(given).toBeLessThan(SIZE.burstBytes + (nowMs * SIZE.bytesPerSecond) / 1_000);
            bucket = take(bucket, SIZE, bytes, nowMs);
            given += bytes;
          }
        },
      ),
    );
  });

  it("lets a batch larger than all of it in, and then nothing until it is paid for", () => {
    const bucket = take(undefined, SIZE, SIZE.burstBytes + SIZE.bytesPerSecond, 0);
    expect(waitMsOf(bucket, SIZE, 0)).toBe(1_000);
    expect(waitMsOf(bucket, SIZE, 999)).toBeGreaterThan(0);
    expect(waitMsOf(bucket, SIZE, 1_001)).toBe(0);
  });
});

describe("a device that sends too much", () => {
  it("is told when to come again, is let in then, and not before", async () => {
    const { clock, send } = limits();
    expect(send("loud", 300 * KIB)).toBe(0);
    const waitMs = send("loud", KIB);
    // It is in debt by 104 KiB, and a wait is drawn from that to twice that, so that not all come back at once.
    expect(waitMs).toBeGreaterThanOrEqual(1_040);
    expect(waitMs).toBeLessThan(2_080);
    await clock.advance(1_000);
    expect(send("loud", KIB)).toBeGreaterThan(0);
    await clock.advance(waitMs - 1_000);
    expect(send("loud", KIB)).toBe(0);
  });

  it("pays for requests too, not for bytes alone", () => {
    const { send } = limits();
    let letIn = 0;
    while (send("loud", 1) === 0) letIn++;
    expect(letIn).toBe(Math.ceil(SIZE.burstBytes / (REQUEST_BYTES + 1)));
  });

  it("is counted, by whose bucket was empty", () => {
    const { all, send } = limits({ write_key: SIZE });
    expect(all.refused).toEqual({ device: 0, write_key: 0 });
    send("loud", 300 * KIB);
    send("loud", KIB);
    send("quiet", 300 * KIB, "k");
    send("quiet too", KIB, "k");
    send("quiet too", KIB, "k");
    expect(all.refused).toEqual({ device: 1, write_key: 2 });
  });

  it("is refused before its body is read where it has proved who it is", () => {
    const { all, send } = limits();
    send("loud", 300 * KIB);
    expect(() => all.check(undefined, "loud")).toThrow(Refusal);
    expect(() => all.check(undefined, "quiet")).not.toThrow();
    expect(() => all.check(undefined, undefined)).not.toThrow();
  });

  it("changes nothing for others: with one at 100 times their rate, each of theirs is let in, in its turn", async () => {
    const { clock, send } = limits();
    const quiet = Array.from({ length: 20 }, (_, i) => `quiet-${i}`);
    const letIn = new Map<string, number>();
    const count = (device: string, bytes: number) => {
      if (send(device, bytes) === 0) letIn.set(device, (letIn.get(device) ?? 0) + 1);
    };
    const ROUNDS = 100;
    for (let round = 0; round < ROUNDS; round++) {
      for (const device of quiet) {
        for (let i = 0; i < 5; i++) count("loud", 20 * KIB);
        count(device, 20 * KIB);
      }
      await clock.advance(1_000);
    }
    for (const device of quiet) expect([device, letIn.get(device)]).toEqual([device, ROUNDS]);
    // Its burst, and its rate: no more, and no less.
    const most = (SIZE.burstBytes + ROUNDS * SIZE.bytesPerSecond) / (20 * KIB + REQUEST_BYTES);
    expect(letIn.get("loud")).toBeGreaterThan(most * 0.95);
    expect(letIn.get("loud")).toBeLessThanOrEqual(most + 2);
  });
});

describe("a write key", () => {
  it("has a bucket of its own, which no other device and no other key can empty", () => {
    const { send } = limits({ device: undefined, write_key: SIZE });
    expect(send("a", 300 * KIB, "first")).toBe(0);
    expect(send("b", KIB, "first")).toBeGreaterThan(0);
    expect(send("b", KIB, "second")).toBe(0);
    expect(send("a", KIB)).toBe(0);
  });

  it("is not charged for what its device was refused", () => {
    const { send } = limits({ write_key: { bytesPerSecond: KIB, burstBytes: 400 * KIB } });
    expect(send("loud", 300 * KIB, "k")).toBe(0);
    for (let i = 0; i < 1_000; i++) expect(send("loud", 100 * KIB, "k")).toBeGreaterThan(0);
    expect(send("quiet", KIB, "k")).toBe(0);
  });
});

describe("several workers", () => {
  const WORKERS = 4;

  /** Workers that hear of each other's spending, or do not. */
  function workers(areTold: boolean) {
    const clock = new ManualClock();
    const all: RateLimits[] = [];
    for (let i = 0; i < WORKERS; i++) {
      const tellSpent = (spent: readonly Spent[]) => {
        for (const each of areTold ? all : []) if (each !== all[i]) each.addOthers(spent);
      };
      all.push(new RateLimits({ device: SIZE, write_key: undefined }, clock, { count: WORKERS, tellSpent }));
    }
    const letsIn = (worker: RateLimits, bytes: number) => {
      try {
        worker.take(undefined, "loud", bytes - REQUEST_BYTES);
        return true;
      } catch {
        return false;
      }
    };
    /** A device sends `bytes` every 50 ms to each worker, for a minute; returns how much of it is let in a second. */
    const sendToAll = async (bytes: number) => {
      let taken = 0;
      for (; clock.now < 60_000; await clock.advance(50))
        for (const worker of all) if (letsIn(worker, bytes)) taken += bytes;
      return taken / 60;
    };
    return { sendToAll };
  }

  it("let one device through as fast as one worker does, however many it is connected to", async () => {
    const taken = await workers(true).sendToAll(40 * KIB);
    expect(taken).toBeLessThan(SIZE.bytesPerSecond * 1.2);
    expect(taken).toBeGreaterThan(SIZE.bytesPerSecond * 0.9);
  });

  it("would let it through as often as there are of them if they knew nothing of each other: the control", async () => {
    expect(await workers(false).sendToAll(40 * KIB)).toBeGreaterThan(SIZE.bytesPerSecond * 3.5);
  });

  it("tell nothing of those who send no more than a worker's part", async () => {
    const clock = new ManualClock();
    const told: Spent[] = [];
    const peers = { count: WORKERS, tellSpent: (spent: readonly Spent[]) => void told.push(...spent) };
    const worker = new RateLimits({ device: SIZE, write_key: SIZE }, clock, peers);
    // A quarter of a second's quarter is 6.25 KiB.
    for (let i = 0; i < 100; i++) worker.take(undefined, `quiet-${i}`, 2 * KIB);
    worker.take(undefined, "loud", 4 * KIB);
    worker.take("key", "other", KIB);
    worker.take("key", "another", KIB);
    await clock.advance(1_000);
    expect(told).toEqual([
      { kind: "device", name: "loud", bytes: 8 * KIB },
      { kind: "write_key", name: "key", bytes: 10 * KIB },
    ]);
  });
});

describe("without limits", () => {
  it("everything is let in", () => {
    const { send } = limits({ device: undefined });
    for (let i = 0; i < 1_000; i++) expect(send("loud", 1_000 * KIB, "k")).toBe(0);
  });
});
