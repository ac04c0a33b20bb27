import { describe, expect, it } from "vitest";
import { jsonLog } from "./log.ts";

function logged(level?: "warn" | "silent", everywhere?: { worker: number }) {
  const lines: string[] = [];
  return {
    lines,
    log: jsonLog(
      (line) => lines.push(line),
      () => 1_750_000_000_000,
      level,
      everywhere,
    ),
  };
}

describe("a line of the log", () => {
  it("is one object with time, level, message and fields", () => {
    const { lines, log } = logged();
    log.warn("circuit", { state: "open", left: 0, unknown: undefined });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { time: "2025-06-15T15:06:40.000Z", level: "warn", message: "circuit", state: "open", left: 0 },
    ]);
  });

  it("says which worker it is from, where there are several", () => {
    const { lines, log } = logged(undefined, { worker: 2 });
    log.info("circuit", { state: "open" });
    expect(JSON.parse(lines[0]!)).toMatchObject({ worker: 2, state: "open" });
  });

  it("stays one line, whatever is in a field", () => {
    const { lines, log } = logged();
    log.error("failed", { error: 'a\nb\u001b[31m"c' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[\x20-\x7e]+$/);
  });

  it("is left out below the level, which can change on the way", () => {
    const { lines, log } = logged("warn");
    log.info("not said");
    log.setLevel("info");
    log.info("said");
    log.setLevel("silent");
    log.error("not said");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(["said"]);
  });
});
