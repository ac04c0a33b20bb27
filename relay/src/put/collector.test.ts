import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { Collector, type CollectorOptions, type Waiting } from "./collector.ts";
import type { PutEntry } from "./put-entry.ts";

const entry = (name: string, bytes = 10): PutEntry => ({
  partitionKey: name,
  explicitHashKey: undefined,
  data: Buffer.alloc(bytes),
  shardId: "shard-0",
  deliveries: [],
  userRecords: 1,
});

/** A collector whose calls end when the test says so. */
function collecting(options: Partial<CollectorOptions> = {}) {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker(
    clock,
    { failuresToOpen: 1, openMs: 1_000, openMsMax: 1_000 },
    () => undefined,
  );
  const calls: { readonly waiting: readonly Waiting[]; readonly end: () => void }[] = [];
  const collector = new Collector(
    { breaker, clock },
    { putRecordsMax: 500, putBytesMax: 5_000_000, putsMax: 8, collectMs: 5, ...options },
    (waiting) => new Promise((resolve) => calls.push({ waiting, end: resolve })),
  );
  const names = () => calls.map(({ waiting }) => waiting.map((each) => each.entry.partitionKey).join(""));
  const add = (text: string) => {
    for (const name of text) collector.add(entry(name));
  };
  return { clock, breaker, collector, calls, names, add };
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
    const { clock, collector, calls, names, add } = collecting({ putRecordsMax: 1, putsMax: 1 });
    add("abc");
    await clock.advance(5);
    collector.addAgain(calls[0]!.waiting);
    calls[0]!.end();
    await clock.advance(5);
    expect(names()).toEqual(["a", "a"]);
    calls[1]!.end();
    await clock.settle();
    expect(names()).toEqual(["a", "a", "b"]);
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
