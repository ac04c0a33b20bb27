/** A reporter for vitest that tells a soak which tests failed or were skipped; what passes counts its own cases. */
import { appendFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Told } from "@tonearm/sdk/testing";
import type { Reporter, TestCase, TestModule } from "vitest/node";

interface Fault {
  readonly message: string;
  /** What was expected and what was there, line by line. */
  readonly diff?: string;
}

const inWords = ({ message, diff }: Fault): string =>
  diff === undefined ? message : `${message}\n${stripVTControlCharacters(diff)}`;

export default class TallyReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === "skipped") tell({ kind: "skipped", what: test.fullName });
    if (result.state === "failed") fail(test.fullName, result.errors);
  }

  onTestModuleEnd(module: TestModule): void {
    const errors = module.errors();
    if (errors.length > 0) fail(module.relativeModuleId, errors);
  }

  onTestRunEnd(_: readonly TestModule[], errors: readonly Fault[]): void {
    if (errors.length > 0) fail("outside of a test", errors);
  }
}

/** Vitest loads this file itself, and knows no sources of packages here. */
const tell = (told: Told) => appendFileSync(process.env.TONEARM_TALLY!, `${JSON.stringify(told)}\n`);

/** The whole run is done again; `again` is the soak's to say. */
function fail(where: string, errors: readonly Fault[]): void {
  const what = [where, ...errors.map(inWords)].join(": ");
  tell({ kind: "violation", what, again: "" });
}
