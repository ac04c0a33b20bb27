import { describe, expect, it } from "vitest";
import type { Log } from "../log.ts";
import { ConfigError, checkConfig } from "./check.ts";
import { reloadInto } from "./reload.ts";
import type { Config } from "./schema.ts";

const KEYS = { writeKeys: ["first-key"] };

function reload(before: object, load: () => Config) {
  const lines: unknown[] = [];
  const note: Log["info"] = (message, fields) => lines.push({ message, ...fields });
  const config = checkConfig(before as Record<string, unknown>);
  const isTaken = reloadInto(config, load, { info: note, warn: note, error: note });
  return { config, isTaken, lines };
}

describe("a reload", () => {
  it("takes what can change, says what waits for a restart, and leaves that as it was", () => {
    const next = { writeKeys: ["first-key", "second-key"], aggregateAgeMs: 50, port: 99 };
    const { config, isTaken, lines } = reload(KEYS, () => checkConfig(next));
    expect(isTaken).toBe(true);
    expect(config).toMatchObject({ writeKeys: ["first-key", "second-key"], aggregateAgeMs: 50, port: 8_470 });
    const fields = { changed: "writeKeys aggregateAgeMs", afterRestart: "port" };
    expect(lines).toEqual([{ message: "configuration reloaded", ...fields }]);
  });

  it("that cannot be read keeps everything, and says why", () => {
    const { config, isTaken, lines } = reload(KEYS, () => {
      throw new ConfigError("unknown option prot");
    });
    expect([isTaken, config]).toEqual([false, checkConfig(KEYS)]);
    const message = "the configuration cannot be reloaded; the old one stays";
    expect(lines).toEqual([{ message, error: "unknown option prot" }]);
  });

  it("never takes the keys away from a relay that would then let anybody write", () => {
    const { config, isTaken } = reload(KEYS, () => checkConfig({ insecure: true }));
    expect([isTaken, config]).toEqual([false, checkConfig(KEYS)]);
  });
});
