/** Parts that tell what they are told to tell. */
import type { Told } from "@tonearm/sdk/testing";
import type { Part } from "./part.ts";

interface Script {
  readonly told?: readonly Told[];
  /** Code that ends the run; default: it ends with 0. */
  readonly end?: string;
  readonly minutesMax?: number;
}

/** A part whose run appends `told` to its tally, and does `end`. Its seed is `seed` in that code. */
export function scriptedPart(name: string, { told = [], end = "", minutesMax = 1 }: Script = {}): Part {
  const lines = told.map((each) => `${JSON.stringify(each)}\n`).join("");
  const append = `fs.appendFileSync(process.env.TONEARM_TALLY, ${JSON.stringify(lines)});`;
  return {
    name,
    proof: "T0",
    unit: "things",
    minutesMax,
    env: () => ({}),
    command: (seed) => [
      process.execPath,
      "-e",
      `const fs = require("fs"); const seed = ${seed}; ${append} ${end}`,
    ],
    again: (seed) => `again ${name} ${seed}`,
  };
}

export const cases = (count: number): Told => ({ kind: "cases", count });
