import { ManualClock, MemoryDisk } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { Pipeline } from "../pipeline.ts";
import type { PutEntry } from "../put/put-entry.ts";
import type { PutAnswer } from "../put/putter.ts";
import { batchOf } from "../testing/batches.ts";
import { accepted, ScriptedKinesis, SILENT, unreachable } from "../testing/pipelines.ts";
import { fileLog, linesIn } from "../testing/spools.ts";
import type { Keepers } from "../workers/colleagues.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Spool } from "./spool.ts";

const CONFIG = { insecure: true, failuresToOpen: 1, openMs: 1_000, openMsMax: 1_000 };

/** Two workers on one stream. Devices have their place in the first one's spool, or, not `joined`, where they come in. */
async function twoWorkers(joined = true) {
  const clock = new ManualClock();
  const kinesis = new ScriptedKinesis();
  const config = checkConfig(CONFIG);
  const owners = new Map<string, number>();
  const workers: Pipeline[] = [];
  const silent = { keeper: false };
  const keepers: Omit<Keepers, "isElsewhere"> = {
    isHeld: async (device) => (silent.keeper ? undefined : workers[0]!.keeper.isHeld(device)),
    keep: async (batch) => (silent.keeper ? undefined : workers[0]!.keeper.keep(batch)),
  };
  for (const number of [0, 1]) {
    const [disk, letters] = [new MemoryDisk(), new MemoryDisk()];
    const parts = {
      log: fileLog(disk, clock)(),
      clock,
      deadLetters: new DeadLetters(letters, clock, fileLog(letters, clock)),
      isShort: async () => false,
    };
    const own = (epochKey: string): Promise<void> | undefined => {
      const before = owners.get(epochKey);
      owners.set(epochKey, number);
      if (before === number) return undefined;
      return (async () => {
        const known = before === undefined ? undefined : await workers[before]!.release(epochKey);
        if (known) workers[number]!.adopt(epochKey, known);
      })();
    };
    const { put, loadShape } = kinesis;
    const spool = new Spool(parts, config);
    const colleagues = { own, ...keepers, isElsewhere: () => joined && number !== 0 };
    workers.push(new Pipeline(config, { clock, log: SILENT, spool, put, loadShape, colleagues }));
    await workers[number]!.start();
  }
  /** Brings numbers of the device's epoch to one of them. */
  const send = async (worker: number, from: number, count: number, device = "d1") => {
    const outcome = workers[worker]!.accept(batchOf(device, from, count)).then(
      ({ durable }) => durable,
      ({ message }: Error) => message,
    );
    await clock.advance(2_000);
    return outcome;
  };
  const [first, second] = workers as [Pipeline, Pipeline];
  return { clock, kinesis, send, silent, first, second };
}

/** What is in the stream, by number, in the order in which it came there. */
const seqsIn = ({ calls }: ScriptedKinesis): number[] =>
  linesIn(calls).map((line) => (JSON.parse(line) as { seq: number }).seq);

const inOrder = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Kinesis is back for what comes in, and slow for what comes from a spool. */
function slowForSpools() {
  let release: (() => void) | undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const answer = async (entries: readonly PutEntry[]): Promise<PutAnswer> => {
    if (entries.some(({ lane }) => lane === "spooled")) await released;
    return accepted(entries);
  };
  return { answer, release: () => release?.() };
}

/** An outage in which a device's batches are stored, and then the device moves to the other worker. */
async function moved(joined: boolean) {
  const parts = await twoWorkers(joined);
  const { kinesis, send, clock, second } = parts;
  kinesis.answer = unreachable;
  expect(await send(0, 1, 5)).toBe("spool");
  const { answer, release } = slowForSpools();
  kinesis.calls.length = 0;
  const arrived: PutEntry[][] = [];
  kinesis.answer = async (entries) => {
    const result = await answer(entries);
    arrived.push(entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data) })));
    return result;
  };
  expect(second.circuit).toBe("closed");
  const outcome = await send(1, 6, 5);
  release();
  await clock.advance(60_000);
  expect(await send(1, 11, 2)).toBe("stream");
  return {
    ...parts,
    outcome,
    order: linesIn(arrived).map((line) => (JSON.parse(line) as { seq: number }).seq),
  };
}

describe("a device that moves to another worker while its batches are in a spool", () => {
  it("has what follows put behind them, and goes straight into the stream once they have left", async () => {
    const { outcome, order, first, second } = await moved(true);
    expect([outcome, order]).toEqual(["spool", inOrder(1, 12)]);
    expect(first.book).toMatchObject({ received: 5, delivered: 10, spooled: 0, moved: -5, imbalance: 0 });
    expect(second.book).toMatchObject({ received: 7, delivered: 2, spooled: 0, moved: 5, imbalance: 0 });
  });

  it("would be overtaken by itself if each worker knew only its own spool", async () => {
    const { outcome, order } = await moved(false);
    expect(outcome).toBe("stream");
    expect(order).not.toEqual(inOrder(1, 12));
  });
});

describe("a worker that is not a device's keeper", () => {
  it("has its batches stored by that one in an outage, and knows them when they come again", async () => {
    const { kinesis, send, clock, first, second } = await twoWorkers();
    kinesis.answer = unreachable;
    expect(await send(1, 1, 5)).toBe("spool");
    expect(await send(1, 1, 5)).toBe("spool");
    expect(await send(0, 6, 5)).toBe("spool");
    expect(await send(1, 11, 5)).toBe("spool");
    expect([first.spooled.batches, second.spooled.batches]).toEqual([3, 0]);
    kinesis.calls.length = 0;
    kinesis.answer = accepted;
    await clock.advance(10_000);
    expect(seqsIn(kinesis)).toEqual(inOrder(1, 15));
    expect(await send(1, 16, 1)).toBe("stream");
    expect(first.book.moved + second.book.moved).toBe(0);
    expect([first.book.imbalance, second.book.imbalance]).toEqual([0, 0]);
    expect(second.book).toMatchObject({ received: 16, duplicates: 5, delivered: 1, moved: 10 });
  });

  it("refuses them while the keeper says nothing: their sender keeps them, in their order", async () => {
    const { kinesis, send, silent, first, second } = await twoWorkers();
    kinesis.answer = unreachable;
    expect(await send(1, 1, 5)).toBe("spool");
    silent.keeper = true;
    expect(await send(1, 6, 5)).toContain("says nothing");
    silent.keeper = false;
    await first.stop(0);
    expect(await send(1, 6, 5)).toContain("is not there now");
    expect(second.book).toMatchObject({ received: 15, moved: 5, rejected: { stream_unavailable: 10 } });
    expect(second.book.imbalance).toBe(0);
  });

  it("asks once for a device that comes to it, and not again while all is well", async () => {
    const { kinesis, send, first } = await twoWorkers();
    const asked: string[] = [];
    const { keeper } = first;
    const isHeld = keeper.isHeld.bind(keeper);
    keeper.isHeld = (device) => {
      asked.push(device);
      return isHeld(device);
    };
    for (let seq = 1; seq <= 5; seq++) expect(await send(1, seq, 1)).toBe("stream");
    expect(asked).toEqual(["d1"]);
    expect(seqsIn(kinesis)).toEqual(inOrder(1, 5));
  });
});
