import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { Delivery } from "./delivery.ts";
import { FailureWatch } from "./failure-watch.ts";
import { Limiter } from "./limiter.ts";
import type { Waiting } from "./line.ts";
import type { PutEntry } from "./put-entry.ts";
import type { PutAnswer, PutResult } from "./putter.ts";
import { Retrier } from "./retrier.ts";

const THROTTLED = "ProvisionedThroughputExceededException";
const WATCH = { failuresToOpen: 2, failurePercentToOpen: 100, failureWindowMs: 10_000, failureCallsMin: 100 };

/** A record with a batch of its own, named by `data`. */
function recordOf(name: string, more: Partial<PutEntry> & { readonly sinceMs?: number } = {}): Waiting {
  const { sinceMs = 0, ...entry } = more;
  return {
    entry: {
      partitionKey: name,
      explicitHashKey: undefined,
      data: Buffer.from(name),
      shardId: "shard-0",
      lane: "live",
      deliveries: [new Delivery(batchOf(name, 1, 1))],
      userRecords: 1,
      ...entry,
    },
    sinceMs,
    refusals: 0,
  };
}

const namesOf = (records: readonly Waiting[]): string[] => records.map(({ entry }) => entry.partitionKey);

/** What became of each record's batch; `waits` as long as nothing did. */
const fatesOf = (records: readonly Waiting[]): Promise<string[]> =>
  Promise.all(
    records.map(({ entry }) => Promise.race([entry.deliveries[0]!.outcome, Promise.resolve("waits")])),
  );

/** A retrier whose calls are answered by `answer`, and everything that it tells. */
function retrier(answer: (names: readonly string[]) => PutAnswer) {
  const clock = new ManualClock();
  const watch = new FailureWatch(clock, WATCH);
  const breaker = new CircuitBreaker({ clock, watch }, { openMs: 1_000, openMsMax: 1_000 }, () => undefined);
  const limiter = new Limiter(clock, { shardBytesPerSecond: 1_048_576, shardRecordsPerSecond: 1_000 });
  const calls: string[][] = [];
  const told: unknown[] = [];
  const put = async (entries: readonly PutEntry[]) => {
    const names = entries.map(({ partitionKey }) => partitionKey);
    calls.push(names);
    return answer(names);
  };
  const made = new Retrier(
    { put, breaker, limiter, clock },
    {
      surprised: (strays) => told.push(["surprised", namesOf(strays)]),
      retried: (count, code) => told.push(["retried", count, code]),
      failed: (error) => told.push(["failed", (error as Error).name]),
      refused: ({ entry }, reason) => told.push(["refused", entry.partitionKey, reason]),
    },
  );
  return { retrier: made, clock, breaker, limiter, calls, told };
}

const taken: PutResult = { ok: true, shardId: "shard-0" };
const refusal = (): PutAnswer => ({ kind: "refused", error: new RangeError("scripted") });
const answered = (names: readonly string[], resultOf: (name: string) => PutResult): PutAnswer => ({
  kind: "answered",
  results: names.map(resultOf),
});

describe("a call that Kinesis answers", () => {
  it("delivers what was taken and gives its memory back, and puts again what was not, whatever the reason", async () => {
    const freed: string[] = [];
    const codes: Record<string, string> = {
      b: THROTTLED,
      c: "InternalFailure",
      d: THROTTLED,
      e: "NewFailure",
    };
    const { retrier: made, told } = retrier((names) =>
      answered(names, (name) => (codes[name] === undefined ? taken : { ok: false, code: codes[name] })),
    );
    const records = ["a", "b", "c", "d", "e", "f"].map((name) =>
      recordOf(name, { free: () => freed.push(name) }),
    );
    expect(namesOf(await made.call(records))).toEqual(["b", "d", "c", "e"]);
    expect(await fatesOf(records)).toEqual(["stream", "waits", "waits", "waits", "waits", "stream"]);
    expect(freed).toEqual(["a", "f"]);
    expect(told).toEqual([
      ["retried", 2, THROTTLED],
      ["retried", 1, "InternalFailure"],
      ["retried", 1, "NewFailure"],
    ]);
  });

  it("slows a shard down for what was throttled in it, and for nothing else", async () => {
    const codes: Record<string, string> = { a: "InternalFailure", b: THROTTLED };
    const {
      retrier: made,
      limiter,
      clock,
    } = retrier((names) => answered(names, (name) => ({ ok: false, code: codes[name]! })));
    clock.now = 5_000;
    for (const shardId of ["shard-a", "shard-b"]) limiter.take(shardId, "live", 1);
    await made.call([recordOf("a", { shardId: "shard-a" }), recordOf("b", { shardId: "shard-b" })]);
    expect([limiter.share("shard-a")?.share, limiter.share("shard-b")?.share]).toEqual([1, 0.5]);
  });

  it("tells of records in other shards than the map had said, and leaves the aggregates among them open", async () => {
    const { retrier: made, told } = retrier((names) =>
      answered(names, () => ({ ok: true, shardId: "shard-7" })),
    );
    const records = [
      recordOf("single"),
      recordOf("aggregate", { userRecords: 2 }),
      // Where Kinesis distributes, nothing had been said.
      recordOf("auto", { shardId: undefined, userRecords: 2 }),
    ];
    expect(await made.call(records)).toEqual([]);
    expect(told).toEqual([["surprised", ["aggregate"]]]);
    expect(await fatesOf(records)).toEqual(["stream", "waits", "stream"]);
  });

  it("tells of single records in other shards, too: the map is old", async () => {
    const { retrier: made, told } = retrier((names) =>
      answered(names, () => ({ ok: true, shardId: "shard-7" })),
    );
    await made.call([recordOf("single")]);
    expect(told).toEqual([["surprised", []]]);
  });
});

describe("a call that fails as a whole", () => {
  const failing = () => retrier(() => ({ kind: "failed", error: new TypeError("scripted") }));

  it("is put again while the circuit is closed", async () => {
    const { retrier: made, told, breaker } = failing();
    const records = [recordOf("a"), recordOf("b")];
    expect(namesOf(await made.call(records))).toEqual(["a", "b"]);
    expect(breaker.kind).toBe("closed");
    expect(await fatesOf(records)).toEqual(["waits", "waits"]);
    expect(told).toEqual([
      ["failed", "TypeError"],
      ["retried", 2, "call"],
    ]);
  });

  it("is given back to whoever sent it once the circuit is open: nobody waits for that", async () => {
    const { retrier: made, told, breaker } = failing();
    await made.call([recordOf("earlier")]);
    const records = [recordOf("a"), recordOf("b")];
    told.length = 0;
    expect(await made.call(records)).toEqual([]);
    expect(breaker.kind).toBe("open");
    expect(await fatesOf(records)).toEqual(["unavailable", "unavailable"]);
    expect(told).toEqual([["failed", "TypeError"]]);
  });

  it("closes the circuit again when one is answered, even if only to refuse it", async () => {
    let answer = (): PutAnswer => ({ kind: "failed", error: new TypeError("scripted") });
    const { retrier: made, breaker, clock } = retrier(() => answer());
    await made.call([recordOf("a")]);
    await made.call([recordOf("a")]);
    clock.now += 1_000;
    expect(breaker.kind).toBe("half-open");
    answer = refusal;
    await made.call([recordOf("a")]);
    expect(breaker.kind).toBe("closed");
  });
});

describe("a call that Kinesis refuses", () => {
  const refusing = (...poison: readonly string[]) =>
    retrier((names) =>
      names.some((name) => poison.includes(name)) ? refusal() : answered(names, () => taken),
    );

  it("is tried in halves until the record at fault stands alone, and that one alone is refused", async () => {
    const { retrier: made, calls, told } = refusing("c");
    const records = ["a", "b", "c", "d", "e"].map((name) => recordOf(name));
    expect(await made.call(records)).toEqual([]);
    expect(calls.map((names) => names.join(""))).toEqual(["abcde", "ab", "cde", "c", "de"]);
    expect(await fatesOf(records)).toEqual(["stream", "stream", "refused", "stream", "stream"]);
    expect(records[2]!.entry.deliveries[0]!.refusal).toBe("RangeError");
    expect(told.filter((each) => (each as string[])[0] === "refused")).toEqual([
      ["refused", "c", "RangeError"],
    ]);
  });

  it("of one record proves nothing as long as nothing else was taken: it is put again", async () => {
    const { retrier: made, told } = refusing("a");
    const record = recordOf("a");
    const [again] = await made.call([record]);
    expect(again).toEqual({ ...record, refusals: 1 });
    expect(await fatesOf([record])).toEqual(["waits"]);
    expect(told.at(-1)).toEqual(["retried", 1, "RangeError"]);
  });

  it("of one record is believed when another was taken since that one came", async () => {
    const { retrier: made, clock } = refusing("a", "b");
    clock.now = 100;
    await made.call([recordOf("good")]);
    const [old, late] = [recordOf("a", { sinceMs: 100 }), recordOf("b", { sinceMs: 101 })];
    await made.call([old]);
    await made.call([late]);
    expect(await fatesOf([old, late])).toEqual(["refused", "waits"]);
  });

  it("of a record from the spool is believed the eighth time: it would hold up all others", async () => {
    const { retrier: made, told } = refusing("live", "spooled");
    for (const lane of ["live", "spooled"] as const) {
      let record = recordOf(lane, { lane });
      for (let refusals = 1; refusals <= 7; refusals++) {
        const again = await made.call([record]);
        expect(again).toEqual([{ ...record, refusals }]);
        record = again[0]!;
      }
      expect((await made.call([record])).length).toBe(lane === "live" ? 1 : 0);
      expect(await fatesOf([record])).toEqual([lane === "live" ? "waits" : "refused"]);
    }
    expect(told.at(-1)).toEqual(["refused", "spooled", "RangeError"]);
  });

  it("is not tried any further after so many refusals in a row, and comes back in its order", async () => {
    const { retrier: made, calls } = retrier(refusal);
    const records = Array.from({ length: 100 }, (_, i) => recordOf(`r${i}`));
    const again = await made.call(records);
    expect(namesOf(again)).toEqual(namesOf(records));
    expect(calls.length).toBeLessThan(40);
    expect(await fatesOf(records)).toEqual(Array(100).fill("waits"));
  });
});
