import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RELAY_DOCS, withTables } from "../testing/relay-docs.ts";

describe("docs/relay.md", () => {
  it("has the options and the metrics as they are; `pnpm docs:relay` writes them", async () => {
    const page = readFileSync(RELAY_DOCS, "utf8");
    expect(page).toBe(await withTables(page));
  });
});
