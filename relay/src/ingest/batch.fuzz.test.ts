import { encode } from "@msgpack/msgpack";
import { fuzz } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import type { Batch } from "../batch.ts";
import { Refusal } from "../refusal.ts";
import { linesOf } from "../testing/batches.ts";
import { EVENT, HEADER, NOW } from "../testing/spellings.ts";
import { decodeColumnsBatch } from "./columns-batch.ts";
import { decodeMsgpackBatch } from "./msgpack-batch.ts";
import { decodeNdjsonBatch } from "./ndjson-batch.ts";

const EVENTS = [
  [EVENT],
  [EVENT, ["$drop", 1, 2, -3, '{"drop_epoch":"e1","from_seq":3,"to_seq":5,"count":3}'], null, EVENT],
  [
    ["a.b-c_d", 0, 0, 0, '{"né":[1,{"device":"x"},"}{\\n\\u2028"],"":null,"n":-1.5e9}'],
    EVENT,
    ["t", 1, 1, null, "{}"],
  ],
] as const;
const ndjsonOf = (events: (typeof EVENTS)[number]) => {
  const lines = events.map(
    (event) => event && `["${event[0]}",${event.slice(1, 4).map(String).join()},${event[4]}]`,
  );
  return Buffer.from(
    [JSON.stringify({ ...HEADER, count: events.length }), ...lines.map(String), ""].join("\n"),
  );
};

const START = [1, HEADER.device, HEADER.epoch, HEADER.first_seq];
const TIMES = [Uint8Array.of(0, 0, 0, 1, 10, 0, 2), Uint8Array.of(0, 1, 0, 0, 0, 1, 0), ":null\n\n-3\n"];
const COLUMNS = [
  [...START, [1], [["play", '{"title":"x"}']], [":5\n", ":6\n", ":null\n"]],
  [
    ...START,
    [1, 1, 0, 1],
    [["a.b-c_d", '{"né":[', ',{"device":"', '"}],"at":', "}"]],
    [...TIMES, Uint8Array.of(0, 1, 2, 0, 9, 8, 7), ":x\n\ny\n", Uint8Array.of(1, 1, 0, 6, 3, 2, 1)],
  ],
  [
    ...START,
    [1, 2, 1, 1],
    [
      ["t", '{"a":', "}"],
      ["$drop", "{}"],
    ],
    [...TIMES, '"b\n\nc\n', ":1\n", ":2\n", ":3\n"],
  ],
  [
    ...START,
    3,
    [["play", 14, 10, ',"né":', 4, 0]],
    [
      ...TIMES,
      '"x\n\u000c\n\u0001\n',
      Uint8Array.of(2, 0, 0, 5, 9, 0, 7),
      ":1\n",
      Uint8Array.of(3, 1, 0, 0, 1),
    ],
  ],
];

const SPELLINGS = [
  {
    name: "msgpack",
    decode: decodeMsgpackBatch,
    corpus: EVENTS.map((events) => encode({ ...HEADER, events })),
  },
  { name: "NDJSON", decode: decodeNdjsonBatch, corpus: EVENTS.map(ndjsonOf) },
  { name: "columns", decode: decodeColumnsBatch, corpus: COLUMNS.map((columns) => encode(columns)) },
];

/** Every line is one record of this batch's device, epoch and number, whatever the device wrote. */
function checkLines(batch: Batch): void {
  for (const [i, line] of linesOf(batch).entries()) {
    if (line === "") continue;
    if (line.indexOf("\n") !== line.length - 1) throw new Error("a line that is not one line");
    const { device, epoch, seq, received_ms: receivedMs } = JSON.parse(line);
    const isOurs = device === batch.device && epoch === batch.epoch && seq === batch.firstSeq + i;
    if (!isOurs || receivedMs !== NOW) throw new Error("a record that passes for another's");
  }
}

/** Of a machine that does other things beside it. */
const FUZZ_TIMEOUT_MS = 120_000;

it.each(SPELLINGS)(
  "bad batches in $name are refused in plain words, and no good one forges a record",
  ({ name, decode, corpus }) => {
    const codes = new Set<string>();
    let accepted = 0;
    fuzz({
      corpus,
      kept: `batches.${name}`,
      inputs: 700_000,
      check(input) {
        let batch: Batch;
        try {
          batch = decode(Buffer.from(input.buffer, input.byteOffset, input.length), NOW);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          codes.add(error.code);
          if (!/^[\x20-\x7e]{1,200}$/.test(error.message))
            throw new Error("a refusal repeats what was sent", { cause: error });
          return;
        }
        accepted++;
        checkLines(batch);
      },
    });
    expect(accepted).toBeGreaterThan(1_000);
    expect([...codes].toSorted()).toEqual([
      "invalid_batch",
      "invalid_event",
      "malformed_body",
      "unsupported_version",
    ]);
  },
  FUZZ_TIMEOUT_MS,
);

it("the check would see a forged record (control)", () => {
  const forged = Buffer.from(`{"device":"d1","epoch":"e1","seq":7,"received_ms":${NOW},"device":"d2"}\n`);
  const batch: Batch = {
    device: "d1",
    epoch: "e1",
    firstSeq: 7,
    records: { bytes: forged, ends: [forged.length] },
  };
  expect(() => checkLines(batch)).toThrow("passes for another's");
});
