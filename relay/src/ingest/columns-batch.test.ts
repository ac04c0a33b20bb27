import { decode } from "@msgpack/msgpack";
import {
  COLUMN_NAMES,
  COLUMN_VALUES,
  ColumnsEncoder,
  encodeMsgpackBatch,
  msgpackCodec,
} from "@tonearm/sdk/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOW } from "../testing/spellings.ts";
import { decodeColumnsBatch } from "./columns-batch.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";

const HEADER = { device: "d1", epoch: "e1", firstSeq: 7 };

interface Told {
  readonly type: string;
  readonly timeMs: number;
  readonly monoMs: number;
  readonly offsetMs: number | null;
  readonly json: string;
}

const encoded = (events: readonly (Told | null)[]) =>
  events.map((event) => (event ? Uint8Array.from(msgpackCodec.encodeEvent(event)) : new Uint8Array(0)));

/** What is of interest in JSON: whole numbers and instants, what only looks like them, and everything else. */
const scalar = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -200, max: 200 }),
  fc.constantFrom(0, -0, 1e15, -1e15, 999_999_999_999_999, 1e21, 1e-7, 0.5),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("2026-02-29T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "", "\n", '"', "\u2028é"),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.constant(null),
);
/** One kind of value for all events of a place, or anything. */
const kinds = fc.constantFrom(
  fc.integer({ min: -1e15, max: 1e15 }),
  fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
  fc.constantFrom("a", "b", "é"),
  fc.constantFrom(
    ...COLUMN_VALUES.filter((value) => value !== undefined).map((value) => JSON.parse(value) as unknown),
  ),
  fc.option(fc.integer({ min: -1e15, max: 1e15 }), { freq: 3 }),
  fc.option(fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString())),
  fc.oneof({ arbitrary: fc.constant("again"), weight: 9 }, scalar),
  scalar,
  fc.tuple(scalar, fc.record({ deeper: scalar })),
);
const ms = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 1e15 }));
const names = ["a", "title", 'b":', "ended_at", "é,{", ""];

const places = fc.array(kinds, { maxLength: names.length });

/** An event of a type, whose data has a value of its kind in each place. */
const eventOf = (type: string, each: readonly fc.Arbitrary<unknown>[]) =>
  fc.record({
    type: fc.constant(type),
    timeMs: ms,
    monoMs: ms,
    offsetMs: fc.option(fc.integer()),
    json: fc
      .tuple(...each)
      .map((values) => JSON.stringify(Object.fromEntries(values.map((value, i) => [names[i], value])))),
  });
const batch = fc
  .tuple(places, places, fc.boolean(), fc.boolean())
  .chain(([ours, others, mixes, hasHoles]) =>
    fc.array(
      fc.oneof(
        { arbitrary: eventOf("play", ours), weight: 20 },
        { arbitrary: eventOf("a.b-c_d", others), weight: mixes ? 10 : 0 },
        { arbitrary: fc.constant(null), weight: hasHoles ? 1 : 0 },
      ),
      { minLength: 10, maxLength: 60, size: "max" },
    ),
  );

describe("a batch by columns", () => {
  it("becomes byte for byte the records that it becomes in msgpack, whatever the events hold", () => {
    const encoder = new ColumnsEncoder();
    let byColumns = 0;
    fc.assert(
      fc.property(batch, (events) => {
        const given = encoded(events.slice(events.findIndex(Boolean), 1 + events.findLastIndex(Boolean)));
        const columns = encoder.encode(HEADER, given);
        if (!columns) return;
        byColumns++;
        const { records, ...header } = decodeColumnsBatch(Buffer.from(columns), NOW);
        const expected = decodeMsgpackBatch(Buffer.from(encodeMsgpackBatch(HEADER, given)), NOW);
        expect(header).toEqual(HEADER);
        expect(Buffer.from(records.bytes).toString()).toBe(Buffer.from(expected.records.bytes).toString());
        expect(records.ends).toEqual(expected.records.ends);
      }),
      { numRuns: 1_000, seed: 1 },
    );
    expect(byColumns).toBeGreaterThan(100);
  }, 60_000);

  it("tells whole numbers and instants from each other, and the rest stands once where it is the same", () => {
    const events = Array.from({ length: 20 }, (_, i): Told => {
      const startedMs = Date.UTC(2026, 10, 24) + i * 200_000;
      const at = (atMs: number) => new Date(atMs).toISOString();
      const data = {
        artist: "Calkello",
        ms_played: 200_000,
        started_at: at(startedMs),
        ended_at: at(startedMs + 200_000),
      };
      return {
        type: "play",
        timeMs: startedMs + 200_000,
        monoMs: i,
        offsetMs: null,
        json: JSON.stringify(data),
      };
    });
    const [, , , , order, shapes, columns] = decode(
      new ColumnsEncoder().encode(HEADER, encoded(events))!,
    ) as unknown[];
    expect(order).toBe(20);
    const nameOf = (name: string) => 1 + COLUMN_NAMES.indexOf(name);
    expect(shapes).toEqual([["play", ...["artist", "ms_played", "started_at", "ended_at"].map(nameOf), 0]]);
    expect((columns as (string | Uint8Array)[]).slice(2, 4)).toEqual([":null\n", '"Calkello\n']);
    // ended_at is time_ms, to the millisecond.
    expect((columns as Uint8Array[])[6]).toEqual(Uint8Array.of(1, 1, 0, 0));
  });
});
