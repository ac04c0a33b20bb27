import fc from "fast-check";
import { expect, it } from "vitest";
import { Course, type Segment } from "./course.ts";

const segment = fc.record<Segment>({
  kind: fc.constantFrom("sounding", "paused", "buffering"),
  lengthMs: fc.nat(100_000),
});

it("time in a play is played, paused or buffering, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(segment), fc.integer({ min: -10, max: 1_000_000 }), (segments, afterMs) => {
      const course = new Course(1_000, segments);
      const { playedMs, pausedMs, bufferingMs } = course.at(1_000 + afterMs);
      const spentMs = Math.min(Math.max(0, afterMs), course.endMs - course.startMs);
      expect(playedMs + pausedMs + bufferingMs).toBe(spentMs);
    }),
  );
});
