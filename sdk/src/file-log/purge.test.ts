import { describe, expect, it } from "vitest";
import { entries } from "../testing/store-contract.ts";
import { Catalog, newSegment, type Segment } from "./catalog.ts";
import { rangesToPurge } from "./purge.ts";
import { type SegmentHeader, segmentName } from "./segment-format.ts";

const [OLD, NEW] = ["a", "b"].map((letter) => letter.repeat(16)) as [string, string];

/** What a file has that may go, and what is wrong with it. */
interface Told {
  readonly seqs?: readonly number[];
  readonly lastSeq: number;
  readonly epoch?: string;
  readonly isRead?: boolean;
  readonly fault?: "damaged" | "unreadable" | "behind a lost file";
}

/** What a purge of these files, in their order, declares. */
async function declared(files: readonly Told[], acknowledged: Readonly<Record<string, number>> = {}) {
  const catalog = new Catalog();
  const told = new Map<Segment, Told>();
  for (const [i, file] of files.entries()) {
    const { epoch = OLD, lastSeq, isRead = false } = file;
    const header: SegmentHeader = {
      spelling: 1,
      salt: 7,
      number: i + 1,
      firstSeq: 1,
      createdMs: 0,
      epochIndex: epoch === OLD ? 1 : 2,
      epoch,
      device: "speaker-1",
    };
    const start = newSegment(segmentName(i + 1), header);
    const segment = { ...start, bytes: 1_000, readOffset: isRead ? 1_000 : start.readOffset, lastSeq };
    catalog.insert(segment);
    told.set(segment, file);
  }
  for (const [epoch, throughSeq] of Object.entries(acknowledged)) catalog.acknowledge(epoch, throughSeq);
  const ranges = await rangesToPurge(
    catalog,
    (segment) => told.get(segment)!.fault === "behind a lost file",
    async (segment) => {
      const { fault, seqs = [] } = told.get(segment)!;
      if (fault === "unreadable") return undefined;
      return { given: seqs.flatMap((seq) => entries(seq, seq)), damaged: fault === "damaged" };
    },
  );
  return ranges.map(({ epoch, fromSeq, toSeq }) => [epoch, fromSeq, toSeq]);
}

describe("a purge declares", () => {
  it("exactly the events that go, of every file that is whole", async () => {
    const files = [
      { seqs: [1, 2, 5], lastSeq: 6 },
      { seqs: [7, 8], lastSeq: 8 },
      { seqs: [1], lastSeq: 1, epoch: NEW },
    ];
    expect(await declared(files)).toEqual([
      [OLD, 1, 2],
      [OLD, 5, 5],
      [OLD, 7, 8],
      [NEW, 1, 1],
    ]);
  });

  it.each(["damaged", "unreadable", "behind a lost file"] as const)(
    "all numbers from a file on that is %s and that nobody has read, up to the end of its epoch",
    async (fault) => {
      const files: Told[] = [
        { seqs: [2, 3], lastSeq: 4 },
        { seqs: [5, 6], lastSeq: 10, fault },
        { seqs: [12], lastSeq: 13 },
        { seqs: [2], lastSeq: 2, epoch: NEW },
      ];
      expect(await declared(files)).toEqual([
        [OLD, 2, 3],
        [OLD, 5, 10],
        [OLD, 11, 13],
        [NEW, 2, 2],
      ]);
      // What is acknowledged does not go.
      expect(await declared(files.slice(1), { [OLD]: 6 })).toEqual([
        [OLD, 7, 10],
        [OLD, 11, 13],
        [NEW, 2, 2],
      ]);
    },
  );

  it("what is left of a damaged file that was read: what damage took is declared already", async () => {
    expect(await declared([{ seqs: [3], lastSeq: 9, isRead: true, fault: "damaged" }])).toEqual([
      [OLD, 3, 3],
    ]);
    expect(await declared([{ lastSeq: 9, isRead: true, fault: "unreadable" }])).toEqual([]);
  });

  it("the only number of a file that cannot be read, and nothing where there is none", async () => {
    expect(await declared([{ lastSeq: 1, fault: "unreadable" }])).toEqual([[OLD, 1, 1]]);
    expect(await declared([{ lastSeq: 0, fault: "unreadable" }])).toEqual([]);
    expect(await declared([{ lastSeq: 7, fault: "unreadable" }], { [OLD]: 7 })).toEqual([]);
  });

  it("no number twice that stands in two files", async () => {
    const files: Told[] = [
      { lastSeq: 10, fault: "unreadable" },
      { lastSeq: 6, fault: "unreadable" },
      { lastSeq: 0, fault: "unreadable" },
      { lastSeq: 12, fault: "unreadable" },
    ];
    expect(await declared(files)).toEqual([
      [OLD, 1, 10],
      [OLD, 11, 12],
    ]);
  });
});
