import { describe, expect, it } from "vitest";
import { type DemoResult, reportJson, reportText } from "./demo-report.ts";
import { FleetCounts } from "./fleet-counts.ts";

/** A run of 1,000 events in 20 control records' company, of which 100 records came twice. */
function result(changes: { lost?: number; unacknowledged?: number; events?: number } = {}): DemoResult {
  const { lost = 0, unacknowledged = 0, events = 1_000 } = changes;
  const counts = new FleetCounts();
  counts.recorded = 1_000;
  counts.dataBytes = 700_000;
  counts.accept(1_020, 1_000, 80_000);
  const totals = {
    epochs: { COMPLETE: 10, INCOMPLETE: 0, UNPROVEN: 0 },
    brokenOff: 0,
    kinesisRecords: 20,
    kinesisBytes: 900_000,
    putUnits: 40,
    userRecords: events === 0 ? 0 : 1_120,
    events,
    controlRecords: 20,
    duplicates: 100,
    dropped: 0,
    missing: 0,
    foreign: 0,
    withheld: 0,
  };
  return {
    seed: "s",
    counts,
    verification: {
      recorded: 1_000,
      durable: 1_000,
      delivered: events,
      droppedDeclared: 0,
      lost,
      lostBeforeDurable: 0,
    },
    // The report reads totals only.
    audit: { totals } as DemoResult["audit"],
    unacknowledged,
    seconds: 1,
  };
}

describe("the demo's report", () => {
  it("divides by events everywhere, not by user records, of which control records and duplicates are some", () => {
    expect(reportJson(result())).toMatchObject({
      wire_bytes_per_event: 80,
      stream_bytes_per_event: 900,
      // 0.04 units × 10^9 × 0.014 USD per million, and 900 B × 10^9 at 1 MB/s, 0.015 USD an hour.
      usd_per_billion_events: 4.31,
      user_records_per_kinesis_record: 56,
    });
    const text = reportText(result());
    expect(text).toContain("80.0 B on the wire, compressed (1000 events per batch)");
    expect(text).toContain("900.0 B in the stream");
    expect(text).toContain("40 units / 1000 events");
  });

  it("says what became of each row of a history, and nothing of one where the model was played", () => {
    const history = {
      path: "/anna/CANARY.csv",
      format: "lastfm",
      rows: 1_003,
      replayed: 1_000,
      refused: 2,
      refusedBy: { ts: 2 },
      beyond: 1,
    };
    const told = { ...result(), history };
    expect(reportText(told)).toContain(
      "lastfm history, 1,003 rows: 1,000 replayed, 2 refused (by column: ts 2), 1 beyond --events",
    );
    expect(reportJson(told)).toMatchObject({
      history: {
        format: "lastfm",
        rows: 1_003,
        replayed: 1_000,
        refused: 2,
        refused_by: { ts: 2 },
        beyond: 1,
      },
    });
    expect(reportText(told) + JSON.stringify(reportJson(told))).not.toContain("CANARY");
    expect(reportText(result())).not.toContain("history");
    expect(reportJson(result())).not.toHaveProperty("history");
  });

  it("tells what is missing from what had not been acknowledged yet", () => {
    expect(reportText(result())).toContain("Nothing is lost");
    expect(reportText(result({ lost: 3 }))).toContain("3 durable events are LOST.");
    expect(reportText(result({ lost: 3, unacknowledged: 3 }))).toContain(
      "3 durable events are MISSING in the stream; 3 had not been acknowledged",
    );
    expect(reportText(result({ unacknowledged: 3 }))).not.toContain("Nothing is lost");
  });

  it("has figures and no NaN when nothing has arrived", () => {
    const nothing = result({ events: 0, lost: 1_000 });
    expect(`${reportText(nothing)}${JSON.stringify(reportJson(nothing))}`).not.toMatch(/NaN|Infinity|null/);
  });

  it("says every kind of trouble once, with how often speakers told of it and in which words", () => {
    const told = result();
    told.counts.trouble("relay_refused", "the relay answered 401");
    told.counts.trouble("relay_refused", "the relay answered 401 again");
    told.counts.trouble("storage_degraded", "no space");
    const text = reportText(told);
    expect(text).toContain("relay_refused, told 2 times, first: the relay answered 401\n");
    expect(text).toContain("storage_degraded, told once: no space\n");
  });
});

describe("FleetCounts", () => {
  it("adds up, troubles too", () => {
    const one = new FleetCounts();
    one.accept(3, 2, 10);
    one.trouble("relay_refused", "first");
    const sum = new FleetCounts().add(one).add(one);
    expect(sum).toMatchObject({ accepted: 6, acceptedEvents: 4, acceptedBatches: 2, bodyBytes: 20 });
    expect(sum.troubles).toEqual({ relay_refused: { count: 2, first: "first" } });
  });
});
