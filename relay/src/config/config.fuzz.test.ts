import { fuzz } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import { ConfigError, checkConfig } from "./check.ts";

const encoded = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const SECRET = "canary-key-5c1e";

it("whatever a configuration holds, it is complete or refused by a sentence that gives no key away", () => {
  let accepted = 0;
  let refused = 0;
  fuzz({
    corpus: [
      encoded({ stream: "tonearm", insecure: true, port: 0, spool: "spool", putsMax: 8 }),
      encoded({
        endpoint: "http://127.0.0.1:4567",
        writeKeys: [SECRET, "second-key-1"],
        aggregateAgeMs: "200",
      }),
      encoded({ corsOrigins: ["https://a.example.com", "*"], insecure: true, shutdownMs: -1 }),
    ],
    kept: "config",
    inputs: 30_000,
    check(input) {
      let value: unknown;
      try {
        value = JSON.parse(Buffer.from(input).toString());
      } catch {
        return;
      }
      if (typeof value !== "object" || value === null || Array.isArray(value)) return;
      // A key that was put in another option's place is that option's value, and may be shown.
      if (JSON.stringify({ ...value, writeKeys: [] }).includes("canary-key")) return;
      try {
        const config = checkConfig(value as Record<string, unknown>);
        accepted++;
        if (!(config.putsMax >= 1) || typeof config.stream !== "string") throw new Error("not complete");
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        refused++;
        if (error.message === "" || error.message.includes("canary-key"))
          throw new Error("not to be shown", { cause: error });
      }
    },
  });
  expect(accepted).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
