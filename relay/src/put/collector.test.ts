import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { Collector, type CollectorOptions } from "./collector.ts";
import { FailureWatch } from "./failure-watch.ts";
import { Limiter } from "./limiter.ts";
import type { Waiting } from "./line.ts";
import type { PutEntry } from "./put-entry.ts";

const entry = (name: string, bytes = 10, more: Partial<PutEntry> = {}): PutEntry => ({
  partitionKey: name,
  explicitHashKey: undefined,
  data: Buffer.alloc(bytes),
  shardId: "shard-0",
  lane: "live",
  deliveries: [],
  userRecords: 1,
  ...more,
});

const FAST = { shardBytesPerSecond: 2 ** 40, shardRecordsPerSecond: 2 ** 30 };

/** A collector whose calls end when the test says so. */
function collecting(options: Partial<CollectorOptions> = {}, limits = FAST) {
  const clock = new ManualClock();
  const watch = new FailureWatch(clock, {
    failuresToOpen: 1,
    failurePercentToOpen: 50,
    failureWindowMs: 10_000,
    failureCallsMin: 20,
  });
  const breaker = new CircuitBreaker({ clock, watch }, { openMs: 1_000, openMsMax: 1_000 }, () => undefined);
  const limiter = new Limiter(clock, limits);
  const calls: {
    readonly waiting: readonly Waiting[];
    readonly end: (again?: readonly Waiting[]) => void;
  }[] = [];
  const late: string[] = [];
  const collector = new Collector(
    { breaker, limiter, clock },
    {
      putRecordsMax: 500,
      putBytesMax: 5_000_000,
      putsMax: 8,
      collectMs: 5,
      retryBaseMs: 50,
      retryMaxMs: 2_000,
      deliveryDeadlineMs: 12_000,
      ...options,
    },
    {
      put: (waiting) =>
        new Promise((resolve) => calls.push({ waiting, end: (again = []) => resolve(again) })),
      giveUp: (waiting) => late.push(...waiting.map((each) => each.entry.partitionKey)),
    },
  );
  const names = () => calls.map(({ waiting }) => waiting.map((each) => each.entry.partitionKey).join(""));
  const add = (text: string, more: Partial<PutEntry> = {}) => {
    for (const name of text) collector.add(entry(name, 10, more));
  };
  return { clock, breaker, limiter, collector, calls, late, names, add };
}

describe("gathering records into calls", () => {
  it("fills calls up to their records and bytes, in order", async () => {
    const few = collecting({ putRecordsMax: 2 });
    few.add("abcde");
    await few.clock.advance(5);
    expect(few.names()).toEqual(["ab", "cd", "e"]);
    const narrow = collecting({ putBytesMax: 100 });
    for (const [name, bytes] of [
      ["a", 60],
      ["b", 30],
      ["c", 30],
      ["d", 500],
      ["e", 1],
    ] as const)
      narrow.collector.add(entry(name, bytes));
    await narrow.clock.advance(5);
    expect(narrow.names()).toEqual(["ab", "c", "d", "e"]);
  });

  it("makes no more calls at once than it may", async () => {
    const { clock, calls, names, add } = collecting({ putRecordsMax: 1, putsMax: 2 });
    add("abc");
    await clock.advance(5);
    expect(names()).toEqual(["a", "b"]);
    calls[0]!.end();
    await clock.settle();
    expect(names()).toEqual(["a", "b", "c"]);
  });

  it("puts records that failed ahead of newer ones", async () => {
    const { clock, calls, names, add } = collecting({ putRecordsMax: 1, putsMax: 1 });
    add("abc");
    await clock.advance(5);
    calls[0]!.end(calls[0]!.waiting);
    await clock.advance(50);
    expect(names()).toEqual(["a", "a"]);
    calls[1]!.end();
    await clock.settle();
    expect(names()).toEqual(["a", "a", "b"]);
  });
});

describe("a shard", () => {
  it("that fails waits alone, a random time that grows with each failure in a row", async () => {
    const { clock, calls, names, add } = collecting({
      retryBaseMs: 1_000,
      retryMaxMs: 60_000,
      deliveryDeadlineMs: 600_000,
    });
    add("a", { shardId: "sick" });
    await clock.advance(5);
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const call = calls.at(-1)!;
      call.end(call.waiting);
      const fromMs = clock.now;
      for (const before = calls.length; calls.length === before; ) await clock.advance(50);
      waits.push(clock.now - fromMs);
    }
    expect(Math.max(...waits)).toBeGreaterThan(3_000);
    expect(waits.every((ms, i) => ms <= 1_050 * 2 ** i)).toBe(true);
    calls.at(-1)!.end(calls.at(-1)!.waiting);
    add("b", { shardId: "well" });
    await clock.advance(5);
    expect(names().at(-1)).toContain("b");
  });

  it("that has more than it may take delays only its own records", async () => {
    const { clock, collector, calls, names, add } = collecting(
      { putsMax: 100 },
      { shardBytesPerSecond: 1_048_576, shardRecordsPerSecond: 10 },
    );
    add("h".repeat(100), { shardId: "hot" });
    await clock.advance(5);
    expect(names()).toEqual(["hhh"]);
    add("abc", { shardId: "cool" });
    await clock.advance(5);
    expect(names()[1]).toBe("abc");
    expect(collector.waitMs("hot")).toBeGreaterThan(9_000);
    expect(collector.waitMs("cool")).toBe(0);
    for (const call of calls) call.end();
    await clock.advance(1_000);
    const hot = names().join("").replaceAll(/[abc]/g, "");
    expect(hot.length).toBeGreaterThanOrEqual(12);
    expect(hot.length).toBeLessThanOrEqual(14);
  });

  it("has its turn: one with much does not fill the calls of one with little", async () => {
    const { clock, names, add } = collecting({ putRecordsMax: 4, putsMax: 2 });
    add("aaaaaaaaaa", { shardId: "a" });
    add("bb", { shardId: "b" });
    add("c", { shardId: "c" });
    await clock.advance(5);
    expect(names().map((call) => call.split("").toSorted().join(""))).toEqual(["aabc", "aaab"]);
  });

  it("gives up what has waited for too long", async () => {
    const { clock, calls, late, add } = collecting(
      { deliveryDeadlineMs: 2_000 },
      { shardBytesPerSecond: 1_048_576, shardRecordsPerSecond: 1 },
    );
    add("abcd");
    await clock.advance(3_000);
    const sent = calls.flatMap(({ waiting }) => waiting).map((each) => each.entry.partitionKey);
    expect(sent.length).toBeLessThan(4);
    expect([...sent, ...late]).toEqual(["a", "b", "c", "d"]);
  });
});

describe("records from the spool", () => {
  const spooled = { lane: "spooled" } as const;

  it("fill what live records leave of a call", async () => {
    const { clock, names, add } = collecting({ putRecordsMax: 3, putsMax: 1 });
    add("s", spooled);
    add("t", { ...spooled, shardId: "shard-1" });
    add("ab");
    await clock.advance(5);
    expect(names()[0]).toMatch(/^ab[st]$/);
  });

  it("go one after another on each shard, so that their order holds whatever fails", async () => {
    const { clock, calls, names, add } = collecting();
    add("123", spooled);
    add("x", { ...spooled, shardId: "shard-1" });
    await clock.advance(5);
    expect(names()).toEqual(["1x"]);
    calls[0]!.end(calls[0]!.waiting.slice(0, 1));
    await clock.advance(100);
    expect(names()).toEqual(["1x", "1"]);
    calls[1]!.end();
    await clock.advance(10);
    expect(names()).toEqual(["1x", "1", "2"]);
  });

  it("never take the last places: calls of theirs alone are at most half of all", async () => {
    const { clock, names, add } = collecting({ putsMax: 4, putRecordsMax: 1 });
    for (let i = 0; i < 8; i++) add("s", { ...spooled, shardId: `shard-${i}` });
    await clock.advance(5_000);
    expect(names()).toEqual(["s", "s"]);
    add("ab", { shardId: "shard-9" });
    await clock.advance(5);
    expect(names()).toEqual(["s", "s", "a", "b"]);
  });

  it("that fail do not make live ones of the same shard wait", async () => {
    const { clock, calls, names, add } = collecting({ retryBaseMs: 60_000, retryMaxMs: 60_000 });
    // The first chance of this clock is next to nothing.
    clock.fraction();
    add("s", spooled);
    await clock.advance(5);
    calls[0]!.end(calls[0]!.waiting);
    add("a");
    await clock.advance(10);
    expect(names()).toEqual(["s", "a"]);
  });

  it("are taken back apart from live ones", async () => {
    const { collector, add } = collecting();
    add("ab");
    add("s", spooled);
    expect(collector.takeAll("spooled").map((each) => each.entry.partitionKey)).toEqual(["s"]);
    expect(collector.takeAll("live").map((each) => each.entry.partitionKey)).toEqual(["a", "b"]);
  });
});

describe("a half-open circuit", () => {
  it("lets one record through and nothing beside it, until its answer is there", async () => {
    const { clock, breaker, calls, names, add } = collecting();
    breaker.failed();
    add("abc");
    await clock.advance(400);
    expect(names()).toEqual([]);
    await clock.advance(1_000);
    expect([breaker.kind, names()]).toEqual(["half-open", ["a"]]);
    add("d");
    await clock.advance(1_000);
    expect(names()).toEqual(["a"]);
    breaker.succeeded();
    calls[0]!.end();
    await clock.settle();
    expect(names()).toEqual(["a", "bcd"]);
  });

  it("that opens again keeps everything else back", async () => {
    const { clock, breaker, calls, names, add } = collecting();
    breaker.failed();
    add("abc");
    await clock.advance(1_000);
    breaker.failed();
    calls[0]!.end();
    await clock.advance(400);
    expect(names()).toEqual(["a"]);
  });
});
