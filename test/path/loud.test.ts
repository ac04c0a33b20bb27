import { describe, expect, it } from "vitest";
import { runLoud } from "../support/loud-run.ts";

describe("a device that sends a hundred times as much as others", () => {
  it("is held back, and costs them no event and no refusal, with slow clients beside it too", async () => {
    const [alone, beside, besideSlow] = await runLoud(4);
    for (const { answers, lost } of [alone!, beside!, besideSlow!]) {
      expect(lost).toBe(0);
      // They are told nothing but that their batches are in the stream.
      expect(Object.keys(answers)).toEqual(["stream"]);
    }
    for (const { loud } of [beside!, besideSlow!]) {
      expect(loud.too_many_requests).toBeGreaterThan(0);
      expect(loud.stream).toBeGreaterThan(0);
    }
    console.log(JSON.stringify([alone, beside, besideSlow]));
  });
});
