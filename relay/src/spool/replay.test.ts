import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { batchOf } from "../testing/batches.ts";
import { Replay, type Settled } from "./replay.ts";
import type { Spool, SpooledBatch, SpooledRun } from "./spool.ts";
import type { Arrival } from "./spooled-delivery.ts";

const EPOCH = "epoch-of-the-spool";
const SETTLED: Arrival = { kind: "settled", dead: 0 };
const WAITS: Arrival = { kind: "waits" };

/** A batch under way, to be brought to its end by the test. */
interface UnderWay {
  readonly seq: number;
  arrive(arrival: Arrival): void;
}

/** A replay of a spool that holds the batches 1 to `count`, and shows so many of them at once. */
function replaying(count: number, batchesMax = Infinity) {
  const clock = new ManualClock();
  let acknowledged = 0;
  let size = count;
  /** Everything that happened, in its order. */
  const story: string[] = [];
  const settled: Settled[] = [];
  const underWay: UnderWay[] = [];
  const kinesis = { takes: true };
  /** Acknowledgements are written when this resolves. */
  let written: Promise<void> = Promise.resolve();
  const spooled = (seq: number): SpooledBatch => ({
    batch: batchOf("d1", seq, 1),
    bytes: new Uint8Array(),
    seq,
    inherited: false,
  });
  const read = async (): Promise<SpooledRun | undefined> => {
    const left = Array.from({ length: size - acknowledged }, (_, i) => spooled(acknowledged + 1 + i));
    story.push(`read ${left.length}`);
    if (left.length === 0) return undefined;
    return {
      epoch: EPOCH,
      batches: left.slice(0, batchesMax),
      acknowledge: async (throughSeq) => {
        await written;
        story.push(`acknowledge ${throughSeq}`);
        acknowledged = throughSeq;
      },
    };
  };
  const deliver = ({ seq }: SpooledBatch) =>
    new Promise<Arrival>((arrive) => {
      story.push(`deliver ${seq}`);
      underWay.push({ seq, arrive });
    });
  const replay = new Replay({ read } as unknown as Spool, clock, deliver, {
    settled: (batches) => {
      settled.push(...batches);
      story.push(`settled ${batches.map((each) => each.spooled.seq).join(" ")}`);
    },
    mayDeliver: () => kinesis.takes,
    handedOver: () => story.push("handed over"),
  });
  return {
    replay,
    clock,
    kinesis,
    settled,
    acknowledged: () => acknowledged,
    /** What happened since it was asked last. */
    async told(): Promise<string[]> {
      await clock.settle();
      return story.splice(0);
    },
    /** What a batch under way has come to. */
    arrive(seq: number, arrival = SETTLED): void {
      const at = underWay.findIndex((each) => each.seq === seq);
      underWay.splice(at, 1)[0]!.arrive(arrival);
    },
    add(batches: number): void {
      size += batches;
      replay.notify();
    },
    holdAcknowledgements(): () => void {
      let release = (): void => undefined;
      written = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
  };
}

describe("a replay", () => {
  it("hands all of a run over before it waits for any of it", async () => {
    const { replay, told } = replaying(3);
    replay.start();
    expect(await told()).toEqual(["read 3", "deliver 1", "deliver 2", "deliver 3", "handed over"]);
  });

  it("acknowledges a batch when it and all before it have arrived, and none sooner", async () => {
    const { replay, told, arrive } = replaying(4);
    replay.start();
    await told();
    arrive(3);
    expect(await told()).toEqual([]);
    arrive(1);
    expect(await told()).toEqual(["acknowledge 1", "settled 1"]);
    arrive(2);
    expect(await told()).toEqual(["acknowledge 3", "settled 2 3"]);
    arrive(4);
    expect(await told()).toEqual(["acknowledge 4", "settled 4", "read 0"]);
  });

  it("tells how many events of a batch are among the dead letters", async () => {
    const { replay, told, arrive, settled } = replaying(1);
    replay.start();
    await told();
    arrive(1, { kind: "settled", dead: 7 });
    await told();
    expect(settled).toMatchObject([{ spooled: { seq: 1 }, dead: 7 }]);
  });

  it("writes one acknowledgement at a time, and what arrives meanwhile stands in the next", async () => {
    const { replay, told, arrive, holdAcknowledgements } = replaying(3);
    replay.start();
    await told();
    const release = holdAcknowledgements();
    arrive(1);
    await told();
    arrive(2);
    arrive(3);
    expect(await told()).toEqual([]);
    release();
    expect(await told()).toEqual(["acknowledge 1", "settled 1", "acknowledge 3", "settled 2 3", "read 0"]);
  });

  it("acknowledges nothing behind a batch that did not get through, and after a pause puts that one only", async () => {
    const { replay, told, arrive, clock, acknowledged } = replaying(3);
    replay.start();
    await told();
    arrive(1);
    arrive(3);
    arrive(2, WAITS);
    expect(await told()).toEqual(["acknowledge 1", "settled 1"]);
    expect(acknowledged()).toBe(1);
    await clock.advance(499);
    expect(await told()).toEqual([]);
    await clock.advance(1);
    // The third has arrived already: it is acknowledged with the second, and not put twice.
    expect(await told()).toEqual(["read 2", "deliver 2", "handed over"]);
    arrive(2);
    expect(await told()).toEqual(["acknowledge 3", "settled 2 3", "read 0"]);
  });

  it("goes on with the next run at once when all of one has arrived", async () => {
    const { replay, told, arrive } = replaying(3, 2);
    replay.start();
    await told();
    arrive(2);
    arrive(1);
    expect(await told()).toEqual(["acknowledge 2", "settled 1 2", "read 1", "deliver 3", "handed over"]);
  });

  it("waits for news when the spool is empty, and reads when there are some", async () => {
    const { replay, told, clock, add } = replaying(0);
    // Nobody waits for this one.
    replay.notify();
    replay.start();
    expect(await told()).toEqual(["read 0"]);
    await clock.advance(60_000);
    expect(await told()).toEqual([]);
    add(1);
    expect(await told()).toEqual(["read 1", "deliver 1", "handed over"]);
  });

  it("reads nothing as long as Kinesis takes nothing, and looks every half second", async () => {
    const { replay, told, clock, kinesis } = replaying(1);
    kinesis.takes = false;
    replay.start();
    await clock.advance(10_000);
    expect(await told()).toEqual([]);
    kinesis.takes = true;
    await clock.advance(500);
    expect(await told()).toEqual(["read 1", "deliver 1", "handed over"]);
  });
});

describe("a replay that is stopped", () => {
  it("ends when the batches under way have come to their end, and reads no more", async () => {
    const { replay, told, arrive } = replaying(3, 2);
    replay.start();
    await told();
    let hasEnded = false;
    const ended = replay.stop().finally(() => {
      hasEnded = true;
    });
    arrive(1);
    await told();
    expect(hasEnded).toBe(false);
    arrive(2);
    await ended;
    expect(await told()).toEqual(["acknowledge 2", "settled 2"]);
  });

  it.each(["an empty spool", "a Kinesis that takes nothing", "a pause"])(
    "ends at once in %s",
    async (where) => {
      const { replay, told, arrive, kinesis, clock } = replaying(where === "an empty spool" ? 0 : 1);
      kinesis.takes = where !== "a Kinesis that takes nothing";
      replay.start();
      await told();
      if (where === "a pause") arrive(1, WAITS);
      await told();
      await replay.stop();
      expect(await told()).toEqual([]);
      expect(clock.timers).toBe(0);
    },
  );

  it("that was never started ends, too", async () => {
    await replaying(1).replay.stop();
  });
});
