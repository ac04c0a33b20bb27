import { describe, expect, it } from "vitest";
import { addStatuses } from "./add-statuses.ts";

describe("the status of several workers", () => {
  it("adds up what is counted, and takes the greatest of what all see alike", () => {
    const one = {
      uptime_ms: 5,
      shards: 4,
      stopping: false,
      book: { received: 3, rejected: { overloaded: 1 } },
    };
    const two = {
      uptime_ms: 9,
      shards: 4,
      stopping: true,
      book: { received: 4, rejected: { invalid_event: 2 } },
    };
    expect(addStatuses([one, two])).toEqual({
      uptime_ms: 9,
      shards: 4,
      stopping: true,
      book: { received: 7, rejected: { overloaded: 1, invalid_event: 2 } },
      workers: 2,
    });
  });

  it("says how long the oldest batch of any has waited, and how slow the slowest is", () => {
    const status = (oldest_age_ms: number | null, p99_ms: number) => ({
      spool: { oldest_age_ms },
      acknowledgement: { p99_ms },
    });
    expect(addStatuses([status(null, 5), status(90, 7), status(80, 6)])).toEqual({
      spool: { oldest_age_ms: 90 },
      acknowledgement: { p99_ms: 7 },
      workers: 3,
    });
  });

  it("names the worst circuit, and the ratio of all records", () => {
    const status = (circuit: string, kinesis_records: number, aggregation_ratio: number | null) => ({
      circuit,
      kinesis_records,
      aggregation_ratio,
    });
    expect(
      addStatuses([status("closed", 10, 50), status("open", 30, 10), status("half-open", 0, null)]),
    ).toEqual({
      circuit: "open",
      kinesis_records: 40,
      aggregation_ratio: 20,
      workers: 3,
    });
  });

  it("brings shards together by their id, and moments from the newest back", () => {
    const one = {
      shard_loads: [{ id: "a", bytes: 1, share: 1 }],
      history: { samples: [{ n: 1 }, { n: 2 }, { n: 3 }] },
    };
    const two = {
      shard_loads: [
        { id: "b", bytes: 5, share: 1 },
        { id: "a", bytes: 2, share: 0.5 },
      ],
      history: { samples: [{ n: 10 }] },
    };
    expect(addStatuses([one, two])).toEqual({
      shard_loads: [
        { id: "a", bytes: 3, share: 0.75 },
        { id: "b", bytes: 5, share: 1 },
      ],
      history: { samples: [{ n: 1 }, { n: 2 }, { n: 13 }] },
      workers: 2,
    });
  });

  it("of one worker is what it says", () => {
    const status = { a: 1, ratio: null, list: [], text: "x" };
    expect(addStatuses([status])).toEqual({ ...status, workers: 1 });
  });
});
