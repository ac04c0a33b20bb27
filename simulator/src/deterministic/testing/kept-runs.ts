import { keepCase, keptCases } from "@tonearm/sdk/testing";
import { KNOBS_VERSION } from "../knobs.ts";

/** What makes a run of the simulation, beside its knobs. */
export interface KeptRun {
  readonly seed: string;
  readonly hours: number;
  readonly devices: number;
}

const NAME = "simulation";

/** Keeps a run that broke a promise, for every later run of the tests to try it first. */
export const keepRun = ({ seed, hours, devices }: KeptRun): void =>
  keepCase(NAME, `${KNOBS_VERSION} ${hours} ${devices} ${seed}`);

/** The runs that were kept. A seed of other knobs is another run: it stays in the file, and is passed over. */
export const keptRuns = (): KeptRun[] =>
  keptCases(NAME).flatMap((line) => {
    const [version, hours, devices, seed = ""] = line.split(" ");
    return Number(version) === KNOBS_VERSION
      ? [{ seed, hours: Number(hours), devices: Number(devices) }]
      : [];
  });
