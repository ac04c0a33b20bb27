import type { Random } from "../listening/random.ts";
import type { Agenda } from "./agenda.ts";
import type { Knobs } from "./knobs.ts";
import type { Oracle } from "./oracle.ts";
import type { Plant } from "./plants.ts";
import type { Trace } from "./trace.ts";

/** What everybody in a simulation shares. */
export interface World {
  readonly agenda: Agenda;
  readonly trace: Trace;
  readonly oracle: Oracle;
  readonly random: Random;
  readonly knobs: Knobs;
  readonly plant: Plant;
}
