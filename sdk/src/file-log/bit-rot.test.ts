import { expect, it } from "vitest";
import type { SeqRange } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, EPOCH, entries } from "../testing/store-contract.ts";
import { chosenSeed, tally } from "../testing/tally.ts";
import { FileLog } from "./file-log.ts";
import { FRAMES_START } from "./segment-format.ts";

const NEXT_EPOCH = "b".repeat(16);
/** By any other seed the log is of eight times the size, and some of its bits and lengths stand for all. */
const SEED = chosenSeed();
const BYTES = SEED === 1 ? 8_192 : 65_536;
const COMMITS = SEED === 1 ? 20 : 164;
const SAMPLE = 4_096;
const EVENTS_PER_COMMIT = 17;
const LAST = COMMITS * EVENTS_PER_COMMIT;

function logOn(disk: MemoryDisk, seed: number, onDamage: (range: SeqRange) => void = () => undefined) {
  // The ballast takes 64 KiB of chance, seventy thousand times over.
  const randomBytes = (count: number) => new Uint8Array(count).fill(seed);
  return new FileLog({
    disk,
    clock: Object.assign(new ManualClock(seed), { randomBytes }),
    spelling: 1,
    segmentBytes: 2 * BYTES,
    storeBytesMax: 64 * 1024 * 1024,
    storeEventsMax: 1_000_000,
    freeBytesMin: 0,
    onDamage,
    onQuarantine: () => undefined,
  });
}

/** One segment of `BYTES` and a little more, as a process that was killed leaves it. */
async function segment(): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const disk = new MemoryDisk();
  const log = logOn(disk, SEED % 251);
  await log.open(DEVICE, EPOCH);
  for (let i = 0; i < COMMITS; i++) {
    await log.append(entries(i * EVENTS_PER_COMMIT + 1, (i + 1) * EVENTS_PER_COMMIT));
  }
  const name = disk.names().find((each) => each.startsWith("seg-"))!;
  return { name, bytes: disk.bytesOf(name) };
}

const WRITTEN = entries(1, LAST);
const RUN_LIMIT = { eventsMax: LAST, bytesMax: 1_000_000 };

/** The numbers that a log shows. @throws Error when it shows anything but what was written. */
async function numbersIn(log: FileLog): Promise<Set<number>> {
  const numbers = new Set<number>();
  for (let run = await log.read(RUN_LIMIT); run; run = await log.read(RUN_LIMIT)) {
    let seq = run.firstSeq;
    for (const bytes of run.events) {
      if (Buffer.compare(bytes, WRITTEN[seq - 1]!.bytes) !== 0) throw new Error(`${seq} is another event`);
      numbers.add(seq++);
    }
    await log.acknowledge(run.epoch, seq - 1);
  }
  return numbers;
}

/** What the next process makes of the file. */
async function nextSays(name: string, bytes: Uint8Array) {
  const disk = new MemoryDisk();
  disk.setBytes(name, bytes);
  const declared = new Set<number>();
  const log = logOn(disk, 2, ({ fromSeq, toSeq }) => {
    for (let seq = fromSeq; seq <= toSeq; seq++) declared.add(seq);
  });
  const { previous } = await log.open(DEVICE, NEXT_EPOCH);
  const received = await numbersIn(log);
  await log.close();
  const lost = Array.from({ length: LAST }, (_, i) => i + 1).filter((seq) => !received.has(seq));
  return { lost, declared, end: previous === undefined ? "none" : previous.lastSeq };
}

/** Numbers below `count`: all of them, or a sample by the seed. */
function* someOf(count: number): Generator<number> {
  if (SEED === 1) for (let number = 0; number < count; number++) yield number;
  // Steps of a prime that divides no count here meet none twice.
  else for (let i = 0; i < SAMPLE; i++) yield (SEED * SAMPLE + i * 7_919) % count;
}

const commitOf = (seq: number) => Math.floor((seq - 1) / EVENTS_PER_COMMIT);

it("any one bit that flips costs one commit at most, and what it costs is declared or the end is unknown", async () => {
  const { name, bytes } = await segment();
  expect(bytes.length).toBeGreaterThan(BYTES);
  let costly = 0;
  let inHeader = 0;
  let flips = 0;
  for (const bit of someOf(BYTES * 8)) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const { lost, declared, end } = await nextSays(name, bytes);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    flips++;
    if (bit < FRAMES_START * 8) inHeader++;
    if (lost.length > 0) costly++;
    const commits = new Set(lost.map(commitOf));
    const isTold = end === null || (end === LAST && lost.every((seq) => declared.has(seq)));
    const isRight = commits.size <= 1 && isTold && [...declared].every((seq) => lost.includes(seq));
    if (!isRight) expect({ bit, lost, declared: [...declared], end }).toBe("told");
  }
  // All but those of the header, of which there are two.
  expect(costly).toBe(flips - inHeader);
  tally(flips);
}, 300_000);

it("wherever a file is cut off, every whole commit before the cut is read, and nothing behind it is made up", async () => {
  const { name, bytes } = await segment();
  let cuts = 0;
  for (const length of someOf(BYTES + 1)) {
    const { lost, declared, end } = await nextSays(name, bytes.slice(0, length));
    const whole = (lost[0] ?? LAST + 1) - 1;
    const isPrefix = lost.length === LAST - whole && whole % EVENTS_PER_COMMIT === 0;
    // A file that ends with a whole commit looks as if its process had been killed then.
    const isRight = isPrefix && declared.size === 0 && (end === null || end === "none" || end === whole);
    if (!isRight) expect({ length, lost, declared: [...declared], end }).toBe("told");
    cuts++;
  }
  tally(cuts);
}, 300_000);
