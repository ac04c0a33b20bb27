import { expect, it } from "vitest";
import { readFlags } from "./flags.ts";
import { CONFIG_FLAGS } from "./schema.ts";

it("flags are named after their options, one by one where an option is a list", () => {
  const given =
    "--collect-ms 0 --spool-commit-ms 1 --device-flush-interval-ms 30000 --insecure --cors-origin https://a --cors-origin https://b";
  expect(readFlags(given.split(" "), CONFIG_FLAGS)).toEqual({
    collectMs: "0",
    spoolCommitMs: "1",
    deviceFlushIntervalMs: "30000",
    insecure: true,
    corsOrigins: ["https://a", "https://b"],
  });
});

it("every flag takes a plain option's whole name", () => {
  for (const name of Object.keys(CONFIG_FLAGS)) {
    if (name === "corsOrigins" || name === "pseudonymPaths") continue;
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const isKnown = () => readFlags([`--${flag}=1`], CONFIG_FLAGS);
    // A flag that takes no value says so; it is not unknown.
    expect([name, messageOf(isKnown)]).not.toEqual([name, expect.stringContaining("Unknown option")]);
  }
});

function messageOf(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
