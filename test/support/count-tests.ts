/** Prints how many tests the last run had, and names those that were skipped. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface Results {
  readonly numTotalTests: number;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const path = fileURLToPath(new URL("../../node_modules/.cache/tests.json", import.meta.url));
const results = JSON.parse(readFileSync(path, "utf8")) as Results;
const skipped = results.testResults.flatMap(({ assertionResults }) =>
  assertionResults.filter(({ status }) => status !== "passed" && status !== "failed"),
);
for (const { fullName } of skipped) console.log(`SKIPPED ${fullName}`);
console.log(
  `tests: ${results.numTotalTests} in all, ${results.numPassedTests} passed, ${results.numFailedTests} failed, ${skipped.length} skipped`,
);
