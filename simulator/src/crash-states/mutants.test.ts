import { FileLog } from "@tonearm/sdk/file-log";
import { expect, it } from "vitest";
import { hunt } from "./testing/hunt.ts";
import { MUTANTS } from "./testing/mutants.ts";
import { plant } from "./testing/plant.ts";

it("finds nothing in the log as it is (control)", { timeout: 120_000 }, async () => {
  expect(await hunt(FileLog)).toBeUndefined();
});

it.each(Object.keys(MUTANTS))("finds it when %s", { timeout: 120_000 }, async (name) => {
  const { Log, remove } = await plant(MUTANTS[name]!);
  try {
    expect(await hunt(Log)).toEqual(expect.any(String));
  } finally {
    await remove();
  }
});
