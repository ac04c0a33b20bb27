import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@tonearm/sdk/ports";
import { Fleet } from "./fleet.ts";
import type { FleetCounts } from "./fleet-counts.ts";
import type { FleetOptions } from "./fleet-options.ts";
import { KilledFleet } from "./killed-fleet.ts";
import { LedgerPart, writeTruth } from "./ledger.ts";
import { listenTo } from "./listen.ts";
import { Random } from "./listening/random.ts";
import { drawKnobs, type Knobs, NO_FAULTS } from "./scenario.ts";

/** Where a fleet's batches go, and where the fleet lives. */
export interface FleetPlace {
  readonly relay: URL;
  readonly key: string | undefined;
  /** Speakers' directories and the ledger's parts. */
  readonly directory: string;
}

/** A fleet's run from beginning to truth. */
export interface FleetRun {
  readonly counts: () => FleetCounts;
  readonly knobs: Knobs;
  /** The fault phase. */
  record(): Promise<void>;
  /** The quiet phase; resolves to how many events did not arrive by `deadlineMs` of the monotonic clock. */
  drain(deadlineMs: number): Promise<number>;
  /** Writes what is true to `path`. */
  writeTruth(path: string): Promise<void>;
}

/** Makes a fleet after the options: in this process, or in processes that are killed. */
export async function makeFleetRun(
  options: FleetOptions,
  seed: string,
  place: FleetPlace,
): Promise<FleetRun> {
  const random = new Random(seed);
  const knobs = options.noFaults ? NO_FAULTS : drawKnobs(random.fork("knobs"));
  mkdirSync(place.directory, { recursive: true });
  if (options.processes > 0) return new KilledFleet(options, seed, place, knobs);
  const part = join(place.directory, "ledger-0.part");
  const ledger = new LedgerPart(part);
  const fleet = new Fleet(
    {
      speakers: Array.from({ length: options.devices }, (_, number) => number),
      doneOf: () => 0,
      recordingMs: options.seconds * 1_000,
      ...place,
      knobs,
    },
    {
      random,
      clock: systemClock,
      listening: await listenTo(options, random, (line) => process.stderr.write(`${line}\n`)),
      ledger,
    },
  );
  return {
    knobs,
    counts: () => fleet.counts,
    record: () => fleet.record(),
    drain: (deadlineMs) => fleet.drain(deadlineMs),
    writeTruth: async (path) => {
      ledger.close();
      await writeTruth([part], path);
    },
  };
}
