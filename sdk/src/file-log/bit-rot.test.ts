import { describe, expect, it } from "vitest";
import type { SeqRange } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { DEVICE, EPOCH, entries } from "../testing/store-contract.ts";
import { chosenSeed, tally } from "../testing/tally.ts";
import { FileLog } from "./file-log.ts";
import { decodeHeader, encodeAckFrame, encodeEventsFrame, FRAMES_START } from "./segment-format.ts";

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

/** What the next process made of a damaged file. */
type Made = Awaited<ReturnType<typeof nextSays>>;

/** One commit is lost at most, and it is declared or the end is unknown. */
function isTold({ lost, declared, end }: Made): boolean {
  const isSaid = end === null || (end === LAST && lost.every((seq) => declared.has(seq)));
  return new Set(lost.map(commitOf)).size <= 1 && isSaid && [...declared].every((seq) => lost.includes(seq));
}

/** Whole commits are there up to somewhere, and nothing is made up. */
function isPrefix({ lost, declared, end }: Made): boolean {
  const whole = (lost[0] ?? LAST + 1) - 1;
  const isFront = lost.length === LAST - whole && whole % EVENTS_PER_COMMIT === 0;
  // A file that ends with a whole commit looks as if its process had been killed then.
  return isFront && declared.size === 0 && (end === null || end === "none" || end === whole);
}

it("any one bit that flips costs one commit at most, and what it costs is declared or the end is unknown", async () => {
  const { name, bytes } = await segment();
  expect(bytes.length).toBeGreaterThan(BYTES);
  let costly = 0;
  let inHeader = 0;
  let flips = 0;
  for (const bit of someOf(BYTES * 8)) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const made = await nextSays(name, bytes);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    flips++;
    if (bit < FRAMES_START * 8) inHeader++;
    if (made.lost.length > 0) costly++;
    if (!isTold(made)) expect({ bit, ...made, declared: [...made.declared] }).toBe("told");
  }
  // All but those of the header, of which there are two.
  expect(costly).toBe(flips - inHeader);
  tally(flips);
}, 300_000);

it("wherever a file is cut off, every whole commit before the cut is read, and nothing behind it is made up", async () => {
  const { name, bytes } = await segment();
  let cuts = 0;
  for (const length of someOf(BYTES + 1)) {
    const made = await nextSays(name, bytes.slice(0, length));
    if (!isPrefix(made)) expect({ length, ...made, declared: [...made.declared] }).toBe("told");
    cuts++;
  }
  tally(cuts);
}, 300_000);

describe("damage that no checksum shows is found out (control)", () => {
  /** The file, with `forged` in the place of the second commit and the others as they were. */
  const first = WRITTEN.slice(0, EVENTS_PER_COMMIT);
  const second = WRITTEN.slice(EVENTS_PER_COMMIT, 2 * EVENTS_PER_COMMIT);

  /** What stands before the second commit, something else in its place, and what stands behind it. */
  async function withForged(forge: (salt: number) => Uint8Array) {
    const { name, bytes } = await segment();
    const { salt } = decodeHeader(bytes)!;
    const from = FRAMES_START + encodeEventsFrame(salt, first).length;
    const old = encodeEventsFrame(salt, second);
    expect(Buffer.compare(bytes.subarray(from, from + old.length), old)).toBe(0);
    return { name, parts: [bytes.subarray(0, from), forge(salt), bytes.subarray(from + old.length)] };
  }

  it("an event that is another one", async () => {
    const flipped = second.map((entry, i) => ({
      ...entry,
      bytes: entry.bytes.map((byte, at) => (i === 3 && at === 0 ? byte ^ 1 : byte)),
    }));
    const { name, parts } = await withForged((salt) => encodeEventsFrame(salt, flipped));
    await expect(nextSays(name, Buffer.concat(parts))).rejects.toThrow(`${second[3]!.seq} is another event`);
  });

  it("a commit that passes for acknowledged", async () => {
    const { name, parts } = await withForged((salt) => encodeAckFrame(salt, EPOCH, second.at(-1)!.seq));
    const made = await nextSays(name, Buffer.concat(parts));
    expect(made.lost.length).toBeGreaterThan(0);
    expect(isTold(made)).toBe(false);
  });

  it("half a commit that passes for a whole one", async () => {
    const { name, parts } = await withForged((salt) => encodeEventsFrame(salt, second.slice(0, 5)));
    const made = await nextSays(name, Buffer.concat(parts.slice(0, 2)));
    expect(made.lost[0]).toBe(second[5]!.seq);
    expect(isPrefix(made)).toBe(false);
  });
});
