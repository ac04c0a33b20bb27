/**
 * Makes test vectors that do not exist yet: `node --conditions=source test/support/make-vectors.ts`. Existing files are
 * never touched; a change of the wire format that needs them touched is a new version of the protocol.
 */
import { join } from "node:path";
import { encode } from "@msgpack/msgpack";
import {
  type Codec,
  ColumnsEncoder,
  encodeMsgpackBatch,
  encodeNdjsonBatch,
  msgpackCodec,
  ndjsonCodec,
} from "@tonearm/sdk/wire";
import { event, ofHousehold, ofPlayer, play } from "./vector-events.ts";
import { type BatchVector, RECEIVED_MS, VECTORS, writeOnce } from "./vector-files.ts";

/** The quality of an offset, worked out without the relay's help. */
const qualityOf = (offsetMs: number | null): string =>
  offsetMs === null ? "unsynced" : offsetMs >= -1_000 && offsetMs <= 1_000 ? "synced" : "corrected";
const HEADER = { device: "RINCON_00DEAD0001", epoch: "k5q2abcdefghij67", first_seq: 1 };

const batches: Record<string, BatchVector> = {
  minimal: { device: "d", epoch: "e", first_seq: 1, events: [event("x", "{}", { time_ms: 0, mono_ms: 0 })] },
  play: { ...HEADER, first_seq: 42, events: [event("play", play, { offset_ms: -61_250 })] },
  control: {
    ...HEADER,
    events: [
      event("$open", '{"previous_epoch":"aaaaaaaaaaaaaaaa","previous_last_seq":977}', { mono_ms: 0 }),
      event(
        "$drop",
        '{"drop_epoch":"aaaaaaaaaaaaaaaa","from_seq":5,"to_seq":9,"count":5,"reason":"store_full","dropped_total":5}',
      ),
      event(
        "$purge",
        '{"drop_epoch":"aaaaaaaaaaaaaaaa","from_seq":10,"to_seq":12,"count":3,"reason":"consent","dropped_total":8}',
      ),
      event("$close", '{"last_seq":4}'),
    ],
  },
  text: {
    ...HEADER,
    events: [
      event(
        "text",
        '{"latin":"Größe","greek":"λόγος","emoji":"🎵","zero width":"\u200b","separator":"\u2028"}',
      ),
      event("text", '{"escaped":"\\u00e9\\n\\"\\\\\\/","lone":"\\ud800","nul":"\\u0000"}'),
      event("text", '{ "spaces" : [ 1 , 2 ] , "tab":\t"between" }'),
      event("text", '{"numbers":[1.0,1e400,-0,123456789012345678901234567890,0.1000000000000000055]}'),
      event(
        "text",
        '{"again":1,"again":2,"__proto__":{"device":"not ours"},"deep":{"device":"allowed","seq":1}}',
      ),
    ],
  },
  numbers: {
    ...HEADER,
    first_seq: 9_007_199_254_740_000,
    events: [
      event("n", "{}", { time_ms: 127, mono_ms: 128, offset_ms: -1 }),
      event("n", "{}", { time_ms: 255, mono_ms: 256, offset_ms: -32 }),
      event("n", "{}", { time_ms: 65_535, mono_ms: 65_536, offset_ms: -33 }),
      event("n", "{}", { time_ms: 4_294_967_295, mono_ms: 4_294_967_296, offset_ms: -2_147_483_648 }),
      event("n", "{}", {
        time_ms: 9_007_199_254_740_991,
        mono_ms: 9_007_199_254_740_991,
        offset_ms: -9_007_199_254_740_991,
      }),
    ],
  },
  "names-at-their-limits": {
    device: "A-z_0".repeat(13).slice(0, 64),
    epoch: "_".repeat(64),
    first_seq: 1,
    events: [event("a", "{}"), event(`Z${".-_9".repeat(16).slice(0, 63)}`, "{}")],
  },
  "sixteen-events": {
    ...HEADER,
    events: Array.from({ length: 16 }, (_, i) => event("tick", `{"i":${i}}`, { mono_ms: i })),
  },
  columns: { ...HEADER, first_seq: 300, events: Array.from({ length: 24 }, (_, i) => ofHousehold(i)) },
  "known-words": { ...HEADER, first_seq: 400, events: Array.from({ length: 16 }, (_, i) => ofPlayer(i)) },
  "given-up": { ...HEADER, first_seq: 5, events: [event("a", "{}"), null, null, event("b", '{"i":8}')] },
  "long-data": { ...HEADER, events: [event("long", `{"text":"${"x".repeat(70_000)}"}`)] },
};

for (const [name, batch] of Object.entries(batches)) {
  const directory = join(VECTORS, "accepted", name);
  const header = { device: batch.device, epoch: batch.epoch, firstSeq: batch.first_seq };
  const stamped = batch.events.map(
    (each) =>
      each && {
        type: each.type,
        timeMs: each.time_ms,
        monoMs: each.mono_ms,
        offsetMs: each.offset_ms,
        json: each.data,
      },
  );
  const encoded = (codec: Codec) =>
    stamped.map((each) => (each ? codec.encodeEvent(each) : new Uint8Array(0)));
  writeOnce(directory, "batch.json", `${JSON.stringify(batch, undefined, 2)}\n`);
  writeOnce(directory, "batch.msgpack", encodeMsgpackBatch(header, encoded(msgpackCodec)));
  writeOnce(directory, "batch.ndjson", encodeNdjsonBatch(header, encoded(ndjsonCodec)));
  const columns = new ColumnsEncoder().encode(header, encoded(msgpackCodec));
  if (columns) writeOnce(directory, "batch.columns", columns);
  const records = batch.events.flatMap((each, i) => {
    if (!each) return [];
    const { type, time_ms, mono_ms, offset_ms, data } = each;
    const own = {
      device: batch.device,
      epoch: batch.epoch,
      seq: batch.first_seq + i,
      type,
      time_ms,
      mono_ms,
      offset_ms,
      time_quality: qualityOf(offset_ms),
    };
    const fields = JSON.stringify({ ...own, received_ms: RECEIVED_MS }).slice(0, -1);
    return `${fields}${data === "{}" ? "}" : `,${data.slice(1)}`}\n`;
  });
  writeOnce(directory, "records.ndjson", records.join(""));
}

/** Bodies that must be refused, with the code of the refusal and the seq of the event at fault. */
interface Refused {
  readonly file: string;
  readonly code: string;
  readonly seq?: number;
  readonly body: string | Uint8Array;
}

const LINE_HEAD = '{"v":1,"device":"d","epoch":"e","first_seq":7,"count":1}';
const line = (name: string, code: string, body: string, seq?: number): Refused => ({
  file: `${name}.ndjson`,
  code,
  ...(seq !== undefined && { seq }),
  body,
});
const ofData = (name: string, data: string): Refused =>
  line(name, "invalid_event", `${LINE_HEAD}\n["x",1,1,null,${data}]\n`, 7);
const good = encodeMsgpackBatch({ device: "d", epoch: "e", firstSeq: 7 }, [
  msgpackCodec.encodeEvent({ type: "x", timeMs: 1, monoMs: 1, offsetMs: null, json: '{"a":1}' }),
]);
const inMsgpack = (name: string, code: string, body: Uint8Array, seq?: number): Refused => ({
  ...line(name, code, "", seq),
  file: `${name}.msgpack`,
  body,
});
const withData = (name: string, json: string): Refused =>
  inMsgpack(
    name,
    "invalid_event",
    encodeMsgpackBatch({ device: "d", epoch: "e", firstSeq: 7 }, [
      msgpackCodec.encodeEvent({ type: "x", timeMs: 1, monoMs: 1, offsetMs: null, json }),
    ]),
    7,
  );

/** One event with one value, in columns, the last of them as given. */
const byColumns = (
  name: string,
  column: string | Uint8Array,
  pieces: (string | number)[] = ['{"n":', "}"],
): Refused => ({
  ...line(name, "malformed_body", ""),
  file: `${name}.columns`,
  body: encode([1, "d", "e", 7, [1], [["x", ...pieces]], [":1\n", ":1\n", ":null\n", column]]),
});

const refused: readonly Refused[] = [
  inMsgpack("truncated", "malformed_body", good.subarray(0, -3)),
  inMsgpack("trailing-byte", "malformed_body", Uint8Array.of(...good, 0xc0)),
  inMsgpack("not-msgpack", "malformed_body", new TextEncoder().encode("hello")),
  inMsgpack("empty", "malformed_body", new Uint8Array(0)),
  inMsgpack(
    "given-up-at-the-end",
    "invalid_event",
    encodeMsgpackBatch({ device: "d", epoch: "e", firstSeq: 7 }, [
      msgpackCodec.encodeEvent({ type: "x", timeMs: 1, monoMs: 1, offsetMs: null, json: "{}" }),
      new Uint8Array(0),
    ]),
    8,
  ),
  line(
    "given-up-at-the-beginning",
    "invalid_event",
    `${LINE_HEAD.replace(":1}", ":2}")}\nnull\n["x",1,1,null,{}]\n`,
    7,
  ),
  withData("two-objects", '{"a":1}{"a":2}'),
  withData("second-line", '{"a":1}\n{"device":"other","seq":1}'),
  withData("line-break-between-tokens", '{"a":1,\n"b":2}'),
  withData("array-as-data", "[1]"),
  withData("white-space-around", ' {"a":1}'),
  withData("unfinished", '{"a":'),
  ofData("reserved-device", '{"device":"other"}'),
  ofData("reserved-time-quality", '{"time_quality":"synced"}'),
  ofData("reserved-seq-escaped", '{"\\u0073eq":1}'),
  line("reserved-type", "invalid_event", `${LINE_HEAD}\n["$forged",1,1,null,{}]\n`, 7),
  line("negative-time", "invalid_event", `${LINE_HEAD}\n["x",-1,1,null,{}]\n`, 7),
  line(
    "version-2",
    "unsupported_version",
    '{"v":2,"device":"d","epoch":"e","first_seq":7,"count":1}\n["x",1,1,null,{}]\n',
  ),
  line(
    "device-with-space",
    "invalid_batch",
    '{"v":1,"device":"a b","epoch":"e","first_seq":7,"count":1}\n["x",1,1,null,{}]\n',
  ),
  line(
    "seq-zero",
    "invalid_batch",
    '{"v":1,"device":"d","epoch":"e","first_seq":0,"count":1}\n["x",1,1,null,{}]\n',
  ),
  line(
    "count-too-high",
    "invalid_batch",
    '{"v":1,"device":"d","epoch":"e","first_seq":7,"count":2}\n["x",1,1,null,{}]\n',
  ),
  line("no-events", "invalid_batch", '{"v":1,"device":"d","epoch":"e","first_seq":7,"count":0}\n'),
  byColumns("line-without-an-end", ":1"),
  byColumns("empty-line-first", ":\n"),
  byColumns("name-that-is-not-known", ":1\n", [100, 0]),
  byColumns("character-that-is-no-value", ":\u0000\n"),
  byColumns("form-that-is-not-known", Uint8Array.of(4, 0, 0, 0, 1)),
  byColumns("a-value-too-many", ":1\n2\n"),
  byColumns("told-from-itself", Uint8Array.of(0, 4, 0, 0, 1)),
  byColumns("told-from-text", Uint8Array.of(0, 0, 0, 1, 1)),
  byColumns("number-without-end", Uint8Array.of(0, 0, 0, 0, 0x80)),
  byColumns("after-the-year-9999", Uint8Array.of(1, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f)),
  {
    ...byColumns("half-an-event", ":1\n"),
    body: encode([1, "d", "e", 7, 1.5, [["x", '{"n":', "}"]], [":1\n", ":1\n", ":null\n", ":1\n"]]),
  },
  { ...byColumns("two-objects-by-columns", ":1\n", ['{"n":', "}{}"]), code: "invalid_event", seq: 7 },
];

const directory = join(VECTORS, "refused");
for (const { file, body } of refused) writeOnce(directory, file, body);
const index = refused.map(({ body: _, ...each }) => each);
writeOnce(directory, "index.json", `${JSON.stringify(index, undefined, 2)}\n`);
