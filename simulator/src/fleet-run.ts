import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory, systemClock } from "@tonearm/sdk/ports";
import { Fleet } from "./fleet.ts";
import type { FleetCounts } from "./fleet-counts.ts";
import type { FleetOptions } from "./fleet-options.ts";
import { KilledFleet } from "./killed-fleet.ts";
import { LedgerPart, writeTruth } from "./ledger.ts";
import { type Listening, listenTo } from "./listen.ts";
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
  /** The fault phase. */
  record(): Promise<void>;
  /** The quiet phase; resolves to how many events and control records did not arrive by `deadlineMs` of the monotonic clock. */
  drain(deadlineMs: number): Promise<number>;
  /** Writes what is true, and closes the file. Resolves to how many durable events no relay has acknowledged. */
  writeTruth(truth: FileHandle): Promise<number>;
  /** Ends what still runs, at any moment and at once; after `drain` nothing does. */
  stop(): Promise<void>;
}

/** A fleet of which everything is known but its place. */
export interface PlannedFleet {
  readonly seed: string;
  readonly knobs: Knobs;
  readonly listening: Listening;
  /** Makes it: in this process, or in processes that are killed. */
  settle(place: FleetPlace): FleetRun;
}

/**
 * Plans a fleet after the options: draws its faults, and reads what it is going to play.
 * @throws HistoryError when the history cannot be used.
 */
export async function planFleet(options: FleetOptions, seed: string): Promise<PlannedFleet> {
  const random = new Random(seed);
  const knobs = options.noFaults ? NO_FAULTS : drawKnobs(random.fork("knobs"));
  // Processes read the history themselves; here it is looked at first, so that a faulty one ends the run before it begins.
  const listening = await listenTo(options, random, (line) => process.stderr.write(`${line}\n`));
  const settle = (place: FleetPlace): FleetRun => {
    makeDirectory(place.directory);
    return options.processes > 0
      ? new KilledFleet(options, seed, place, knobs)
      : fleetHere(options, place, { random, knobs, listening });
  };
  return { seed, knobs, listening, settle };
}

/** A fleet in this process. */
function fleetHere(
  options: FleetOptions,
  place: FleetPlace,
  { random, knobs, listening }: { random: Random; knobs: Knobs; listening: Listening },
): FleetRun {
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
    { random, clock: systemClock, listening, ledger },
  );
  return {
    counts: () => fleet.counts,
    record: () => fleet.record(),
    drain: (deadlineMs) => fleet.drain(deadlineMs),
    writeTruth: (truth) => {
      ledger.close();
      return writeTruth([part], truth);
    },
    stop: () => fleet.stop(),
  };
}
