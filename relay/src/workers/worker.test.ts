import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { Batch } from "../batch.ts";
import type { Spent } from "../rate-limit/shared-spending.ts";
import type { Accepted } from "../resends.ts";
import { encodeSpooledBatch } from "../spool/spooled-batch.ts";
import { batchOf } from "../testing/batches.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { WorkerLink } from "./worker.ts";

const KNOWN: Accepted = { fromSeq: 1, throughSeq: 9, durable: "stream" };

function linked() {
  const sent: FromWorker[] = [];
  const listeners: ((message: ToWorker) => void)[] = [];
  const clock = new ManualClock();
  const warned: string[] = [];
  const log = {
    info: () => undefined,
    warn: (message: string) => void warned.push(message),
    error: () => undefined,
  };
  const link = {
    send: (message: FromWorker) => void sent.push(message),
    listen: (own: (message: ToWorker) => void) => void listeners.push(own),
  };
  const worker = new WorkerLink(link, { number: 1, count: 2 }, 100, clock, log);
  const spentElsewhere: Spent[] = [];
  const kept: Batch[] = [];
  const adopted: [string, Accepted][] = [];
  let release: ((accepted: Accepted | undefined) => void) | undefined;
  worker.open({
    adopt: (epochKey, accepted) => void adopted.push([epochKey, accepted]),
    release: () =>
      new Promise((resolve) => {
        release = resolve;
      }),
    isHeld: async (device) => device === "held",
    keep: async (batch) => {
      kept.push(batch);
      return { kind: "stored" };
    },
    addOthers: (spent) => void spentElsewhere.push(...spent),
    figures: async (path) => ({ of: path }),
  });
  const tell = (message: ToWorker) => {
    for (const listener of listeners) listener(message);
  };
  return {
    worker,
    sent,
    tell,
    clock,
    adopted,
    warned,
    spentElsewhere,
    kept,
    giveUp: (accepted?: Accepted) => release?.(accepted),
  };
}

describe("a worker's link", () => {
  it("asks once for an epoch, however many of its batches come, and never again", async () => {
    const { worker, sent, tell, adopted } = linked();
    const first = worker.own("d e");
    const second = worker.own("d e");
    expect(sent).toEqual([{ kind: "claim", id: 1, epochKey: "d e" }]);
    tell({ kind: "answer", id: 1, value: KNOWN });
    await first;
    await second;
    expect(adopted).toEqual([["d e", KNOWN]]);
    expect(worker.own("d e")).toBeUndefined();
  });

  it("has to ask again from the moment on in which it is told to give an epoch up", async () => {
    const { worker, sent, tell, giveUp } = linked();
    const claim = worker.own("d e");
    tell({ kind: "answer", id: 1, value: null });
    await claim;
    tell({ kind: "release", id: 7, epochKey: "d e" });
    expect(worker.own("d e")).toBeInstanceOf(Promise);
    expect(sent.filter(({ kind }) => kind === "answer")).toEqual([]);
    giveUp(KNOWN);
    await new Promise(setImmediate);
    expect(sent.at(-1)).toEqual({ kind: "answer", id: 7, value: KNOWN });
  });

  it("has to ask again also when it is told so right behind the answer", async () => {
    const { worker, sent, tell } = linked();
    const claim = worker.own("d e");
    tell({ kind: "answer", id: 1, value: null });
    tell({ kind: "release", id: 7, epochKey: "d e" });
    await claim;
    await new Promise(setImmediate);
    expect(worker.own("d e")).toBeInstanceOf(Promise);
    expect(sent.filter(({ kind }) => kind === "claim")).toHaveLength(2);
  });

  it("serves a batch all the same when nobody answers, and says so", async () => {
    const { worker, clock, warned } = linked();
    const claim = worker.own("d e");
    await clock.advance(15_000);
    await claim;
    expect(warned).toHaveLength(1);
    expect(worker.own("d e")).toBeUndefined();
  });

  it("says what it let in, and is told what others did", () => {
    const { worker, sent, tell, spentElsewhere } = linked();
    const spent = [{ kind: "device", name: "d", bytes: 7 }] as const;
    worker.tellSpent(spent);
    expect(sent).toEqual([{ kind: "spent", spent }]);
    tell({ kind: "spent", spent });
    expect(spentElsewhere).toEqual(spent);
  });

  it("asks a device's keeper, and nobody for the devices that it keeps itself", async () => {
    const { worker, sent, tell, clock } = linked();
    const devices = Array.from({ length: 100 }, (_, i) => `d${i}`);
    const elsewhere = devices.filter((device) => worker.isElsewhere(device));
    expect(elsewhere.length).toBeGreaterThan(25);
    expect(elsewhere.length).toBeLessThan(75);
    const [device = ""] = elsewhere;
    const held = worker.isHeld(device);
    expect(sent).toEqual([{ kind: "held", id: 1, keeper: 2, device }]);
    tell({ kind: "answer", id: 1, value: false });
    expect(await held).toBe(false);
    const kept = worker.keep(batchOf(device, 7, 3));
    expect(sent.at(-1)).toMatchObject({ kind: "keep", id: 2, keeper: 2 });
    await clock.advance(15_000);
    expect(await kept).toBeUndefined();
  });

  it("keeps for others what it is told to, byte for byte", async () => {
    const { tell, sent, kept } = linked();
    const batch = batchOf("d1", 7, 3);
    const text = Buffer.from(encodeSpooledBatch(batch)).toString("latin1");
    tell({ kind: "held", id: 4, device: "held" });
    tell({ kind: "keep", id: 5, batch: text });
    await new Promise(setImmediate);
    expect(sent).toEqual([
      { kind: "answer", id: 4, value: true },
      { kind: "answer", id: 5, value: { kind: "stored" } },
    ]);
    expect(Buffer.from(kept[0]!.records.bytes)).toEqual(Buffer.from(batch.records.bytes));
  });

  it("answers with its figures, and ends when it is told to", async () => {
    const { worker, sent, tell } = linked();
    tell({ kind: "figures", id: 3, path: "/metrics" });
    await new Promise(setImmediate);
    expect(sent).toEqual([{ kind: "answer", id: 3, value: { of: "/metrics" } }]);
    tell({ kind: "stop" });
    await worker.stopped;
  });
});
