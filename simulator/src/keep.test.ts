import { ConfigError } from "@tonearm/relay/flags";
import { describe, expect, it } from "vitest";
import { prepareKept } from "./keep.ts";

describe("prepareKept", () => {
  it.runIf(process.platform === "linux")("says so, and ends, where the system makes no directories", () => {
    expect(() => prepareKept("/proc/tonearm")).toThrow(ConfigError);
    expect(() => prepareKept("/proc/tonearm")).toThrow(
      'option keep is "/proc/tonearm", expected a directory',
    );
  });
});
