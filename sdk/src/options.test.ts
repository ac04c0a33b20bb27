import { describe, expect, it } from "vitest";
import { TonearmError } from "./errors.ts";
import { checkOptions } from "./options.ts";

const GOOD = { endpoint: "https://relay.example.com", device: "speaker-1" };

function faultOf(options: object): TonearmError {
  try {
    checkOptions(options as never, ["directory"]);
  } catch (error) {
    if (error instanceof TonearmError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("options", () => {
  it("have a default for everything but endpoint and device", () => {
    expect(checkOptions(GOOD, [])).toMatchObject({
      flushIntervalMs: 5_000,
      batchEventsMax: 500,
      device: "speaker-1",
    });
  });

  it.each([
    [{ flushIntervall: 1 }, 'unknown option "flushIntervall"; the options are endpoint, device'],
    [{ endpoint: undefined }, "option endpoint is missing"],
    [
      { endpoint: "relay.example.com" },
      'option endpoint is "relay.example.com", expected an http or https URL',
    ],
    [{ endpoint: "ftp://relay.example.com" }, "expected an http or https URL"],
    [{ endpoint: "https://user:secret@relay.example.com" }, "without user name, query and fragment"],
    [{ endpoint: "https://relay.example.com/?token=abc" }, "option endpoint is not acceptable, expected"],
    [{ endpoint: "https://relay.example.com/#x" }, "without user name, query and fragment"],
    [{ events: { schemas: null } }, "option events is an object, expected what defineEvents returns"],
    [{ device: undefined }, "option device is missing"],
    [{ device: "my speaker" }, 'option device is "my speaker", expected 1 to 64 of'],
    [{ device: "x".repeat(65) }, "expected 1 to 64 of"],
    [
      { flushIntervalMs: "5s" },
      'option flushIntervalMs is "5s", expected a whole number from 10 to 86400000',
    ],
    [{ flushIntervalMs: 1 }, "option flushIntervalMs is 1, expected"],
    [{ batchEventsMax: 1.5 }, "option batchEventsMax is 1.5, expected"],
    [{ storeBytesMax: 1_048_576, segmentBytes: 1_048_576 }, "expected at least four times segmentBytes"],
    [{ key: "two words" }, "option key is not acceptable"],
  ])("%j are refused in one sentence that says what and what was expected", (change, sentence) => {
    const { code, message } = faultOf({ ...GOOD, ...change });
    expect(code).toBe("invalid_option");
    expect(message).toContain(sentence);
  });

  it("never repeat a key in a message", () => {
    expect(faultOf({ ...GOOD, key: "a secret with spaces" }).message).not.toContain("secret");
    expect(faultOf({ ...GOOD, endpoint: "https://u:hunter2@h" }).message).not.toContain("hunter2");
  });

  it("must be an object", () => {
    expect(faultOf(null as never).message).toContain("was given null, expected an object");
  });
});
