import { describe, expect, it } from "vitest";
import { Catalog, newSegment } from "./catalog.ts";
import { segmentName } from "./segment-format.ts";

const [OLD, NEW] = ["a", "b"].map((letter) => letter.repeat(16)) as [string, string];

function segment(number: number, epoch = OLD, firstSeq = 1, lastSeq = 0) {
  const header = {
    spelling: 1,
    salt: 7,
    number,
    firstSeq,
    createdMs: 0,
    epochIndex: epoch === OLD ? 1 : 2,
    epoch,
    device: "speaker-1",
  } as const;
  return { ...newSegment(segmentName(number), header), lastSeq };
}

function catalogOf(...segments: readonly ReturnType<typeof segment>[]) {
  const catalog = new Catalog();
  for (const each of segments) catalog.insert(each);
  return catalog;
}

const numbersIn = (catalog: Catalog) => catalog.segments.map(({ header }) => header.number);

describe("segments stand in their order", () => {
  it("by epoch, then by first event, then by number, however they come", () => {
    const sorted = [
      segment(9, OLD, 1),
      segment(4, OLD, 5),
      segment(6, OLD, 5),
      segment(2, NEW, 1),
      segment(3, NEW, 2),
    ];
    for (const order of [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 4, 0, 3, 1],
    ])
      expect(catalogOf(...order.map((i) => sorted[i]!)).segments).toEqual(sorted);
  });

  it("as they came where nothing else tells them apart", () => {
    const [first, second] = [segment(1), segment(1)];
    const catalog = catalogOf(first, second);
    expect([catalog.segments[0] === first, catalog.segments[1] === second]).toEqual([true, true]);
  });

  it("and one that stands for another before that", () => {
    const [first, second] = [segment(1), segment(2)];
    const catalog = catalogOf(first, second);
    catalog.insertBefore(second, segment(7));
    expect(numbersIn(catalog)).toEqual([1, 7, 2]);
  });
});

describe("a segment that is gone", () => {
  it("takes nothing else with it, and goes once", () => {
    const [one, other] = [segment(1), segment(2)];
    const catalog = catalogOf(one);
    catalog.remove(other);
    expect(catalog.segments).toEqual([one]);
    catalog.remove(one);
    catalog.remove(one);
    expect(catalog.segments).toEqual([]);
  });

  it("takes what is acknowledged of its epoch with it when it was the last: memory does not grow with epochs", () => {
    const segments = [segment(1), segment(2), segment(3, NEW)];
    const catalog = catalogOf(...segments);
    catalog.acknowledge(OLD, 5);
    catalog.acknowledge(NEW, 6);
    catalog.remove(segments[0]!);
    expect([...catalog.acknowledged]).toEqual([
      [OLD, 5],
      [NEW, 6],
    ]);
    catalog.remove(segments[1]!);
    expect([...catalog.acknowledged]).toEqual([[NEW, 6]]);
  });
});

describe("what is known of an epoch", () => {
  it("is acknowledged up to the highest number that was", () => {
    const catalog = catalogOf(segment(1, OLD, 1, 9));
    expect(catalog.acknowledgedThrough(OLD)).toBe(0);
    catalog.acknowledge(OLD, 5);
    catalog.acknowledge(OLD, 3);
    expect(catalog.acknowledgedThrough(OLD)).toBe(5);
  });

  it("is its last number, of an event that is here or was acknowledged", () => {
    const catalog = catalogOf(segment(1, OLD, 1, 4), segment(2, OLD, 5, 7), segment(3, NEW, 1, 20));
    expect([OLD, NEW].map((epoch) => catalog.lastSeqOf(epoch))).toEqual([7, 20]);
    catalog.acknowledge(OLD, 9);
    expect(catalog.lastSeqOf(OLD)).toBe(9);
    expect(catalog.lastSeqOf("c".repeat(16))).toBe(0);
  });

  it("makes it the newest when it is known to have an event, and none without", () => {
    const catalog = catalogOf(segment(1, OLD, 1, 4), segment(2, NEW));
    expect(catalog.newest?.header.number).toBe(1);
    catalog.acknowledge(NEW, 1);
    expect(catalog.newest?.header.number).toBe(2);
    expect(catalogOf(segment(1)).newest).toBeUndefined();
  });
});
