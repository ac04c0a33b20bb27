import { once } from "node:events";
import { existsSync } from "node:fs";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { Fleet } from "./fleet.ts";
import type { News, Orders } from "./killed-fleet.ts";
import { LedgerPart, recordedByDevice } from "./ledger.ts";
import { listenTo } from "./listen.ts";
import { Random } from "./listening/random.ts";

const COUNTS_EVERY_MS = 200;

/** A process of speakers, to be killed at any moment: it goes on where its ledger says that the one before it was. */
export async function fleetProcess(): Promise<void> {
  const [orders] = (await once(process, "message")) as [Orders];
  const { options, seed, index, part } = orders;
  // Whoever started it has gone: nobody is left to record for.
  process.once("disconnect", () => process.exit());
  const done = existsSync(part) ? await recordedByDevice(part) : new Map<string, number>();
  const random = new Random(seed);
  const speakers = Array.from({ length: options.devices }, (_, number) => number);
  const fleet = new Fleet(
    {
      speakers: speakers.filter((number) => number % options.processes === index),
      doneOf: (device) => done.get(device) ?? 0,
      recordingMs: options.seconds * 1_000,
      relay: new URL(orders.relay),
      key: orders.key,
      directory: orders.directory,
      knobs: orders.knobs,
    },
    {
      random,
      clock: systemClock,
      // What the history holds has been told before.
      listening: await listenTo(options, random, () => undefined),
      ledger: new LedgerPart(part),
    },
  );
  const ended = new AbortController();
  const telling = tellCounts(fleet, ended.signal);
  await fleet.record();
  tell({ kind: "recorded" });
  const [{ drainMs }] = (await once(process, "message")) as [{ drainMs: number }];
  const left = await fleet.drain(systemClock.monotonicMs() + drainMs);
  ended.abort();
  await telling;
  tell({ kind: "counts", counts: fleet.counts });
  tell({ kind: "drained", left });
  process.disconnect();
}

async function tellCounts(fleet: Fleet, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(systemClock, COUNTS_EVERY_MS, signal);
    tell({ kind: "counts", counts: fleet.counts });
  }
}

const tell = (news: News): boolean => process.send!(news);
