import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTelemetry } from "./create-telemetry.ts";
import { makeDirectory } from "./make-directory.ts";

const root = mkdtempSync(join(tmpdir(), "tonearm-make-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("makeDirectory", () => {
  it("makes every directory that is missing, with the mode, and leaves one that is there", () => {
    const path = join(root, "a", "b", "c");
    makeDirectory(path, 0o700);
    makeDirectory(path);
    const modes = [path, join(path, ".."), join(path, "..", "..")].map((each) => statSync(each).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o700]);
  });

  it("says which file is in the way", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    expect(() => makeDirectory(join(file, "below"))).toThrow(file);
    expect(() => makeDirectory(file)).toThrow(file);
  });

  // A loop that does not end cannot be broken off from within: without the fix this test never finishes.
  it.runIf(process.platform === "linux")("ends where the system makes no directories", () => {
    expect(() => makeDirectory("/proc/tonearm/below")).toThrow("mkdir '/proc/tonearm'");
    const options = { endpoint: "http://127.0.0.1:9", device: "d", directory: "/proc/tonearm/below" };
    expect(() => createTelemetry(options)).toThrow(
      expect.objectContaining({
        code: "directory_unusable",
        message: expect.stringContaining("/proc/tonearm"),
      }),
    );
  });
});
