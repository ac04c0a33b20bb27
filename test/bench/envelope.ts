/**
 * What checking the envelope by hand is worth: the relay's own reader, beside msgpackr with a zod schema that checks the
 * same things, on the same batches, turn and turn about.
 * Run it with `pnpm bench:envelope`.
 */
import { checkFields, readMsgpackBatch } from "@tonearm/relay/ingest";
import { EVENT_TYPE_PATTERN, encodeMsgpackBatch, ID_PATTERN, msgpackCodec } from "@tonearm/sdk/wire";
import { Unpackr } from "msgpackr";
import { z } from "zod";

const ROUNDS = 30;
const BATCHES_PER_ROUND = 400;
const EVENTS = 50;

/** Data is as small as it can be: what is measured is the envelope around it. */
const events = Array.from({ length: EVENTS }, (_, i) =>
  msgpackCodec.encodeEvent({
    type: "play",
    timeMs: 1_763_840_940_123 + i,
    monoMs: i * 1_000,
    offsetMs: null,
    json: "{}",
  }),
);
const header = { device: "RINCON_00DEAD0001", epoch: "k5q2abcdefghij67", firstSeq: 1 };
const body = Buffer.from(encodeMsgpackBatch(header, events));

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const schema = z.strictObject({
  v: z.literal(1),
  device: z.string().regex(ID_PATTERN),
  epoch: z.string().regex(ID_PATTERN),
  first_seq: whole.min(1),
  events: z
    .array(
      z.tuple([z.string().regex(EVENT_TYPE_PATTERN), whole, whole, z.number().int().nullable(), z.string()]),
    )
    .min(1)
    .max(10_000),
});
const unpackr = new Unpackr({ useRecords: false });

/** By hand: decoding and the envelope's checks. */
function byHand(): number {
  let count = 0;
  readMsgpackBatch(body, () => (event) => {
    if (!event) return;
    checkFields(event, ++count);
  });
  return count;
}

/** With zod: the same. Neither looks into the data nor makes a record. */
const withZod = () => schema.parse(unpackr.unpack(body)).events.length;

function cpuMicrosPerEvent(task: () => number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < BATCHES_PER_ROUND; i++)
    if (task() !== EVENTS) throw new Error("a batch came back short");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (BATCHES_PER_ROUND * EVENTS);
}

const tasks = { byHand, withZod };
const samples = { byHand: [] as number[], withZod: [] as number[] };
for (let round = -5; round < ROUNDS; round++) {
  for (const name of ["byHand", "withZod"] as const) {
    const micros = cpuMicrosPerEvent(tasks[name]);
    if (round >= 0) samples[name].push(micros);
  }
}
const spread = (values: number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!.toFixed(2);
  return { p10: at(0.1), median: at(0.5), p90: at(0.9) };
};
const ratios = samples.byHand.map((value, i) => samples.withZod[i]! / value);
console.log(
  `CPU µs per event, ${EVENTS} events per batch, ${ROUNDS} rounds of ${BATCHES_PER_ROUND} batches each, in turn`,
);
console.log("by hand          ", spread(samples.byHand));
console.log("msgpackr and zod ", spread(samples.withZod));
console.log("ratio zod/by hand", spread(ratios));
