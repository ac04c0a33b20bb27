import fc from "fast-check";
import { afterEach, it, vi } from "vitest";
import { check, fields, number, secret, telemetry, text } from "../../testing/garbage.ts";
import { followMediaElement } from "./media-element.ts";

afterEach(() => vi.unstubAllGlobals());

it("whatever an element and its page say, nothing is thrown, no play is lost or told twice, and no secret leaves", () => {
  vi.stubGlobal("navigator", {
    mediaSession: { metadata: { title: "http://anna:CANARY@192.0.2.7/", artist: 7, album: {} } },
  });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
  const state = fc.record({
    paused: fc.boolean(),
    ended: fc.boolean(),
    seeking: fc.boolean(),
    loop: fc.boolean(),
    error: fc.constantFrom(null, {}),
    readyState: fc.integer({ min: 0, max: 4 }),
    playbackRate: fc.oneof(number, fc.constantFrom(0, 1, -1, 16)),
    currentTime: number,
    duration: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, 10, 1e300),
    currentSrc: fc.oneof(secret, fc.constant("")),
    described: fields({ key: text, title: fc.oneof(secret, text), artist: secret, container_name: secret }),
  });
  return check(state, (clock, onTrouble) => {
    const element = Object.assign(new EventTarget(), {
      hasAttribute: () => true,
      querySelector: () => null,
      described: {},
    });
    const adapter = followMediaElement(element as unknown as HTMLMediaElement, {
      telemetry: telemetry.current,
      clock,
      player_id: "p",
      onTrouble,
      describe: () => element.described,
    });
    const hear = (now: object) => {
      Object.assign(element, now);
      for (const type of ["emptied", "playing", "durationchange"]) element.dispatchEvent(new Event(type));
    };
    return { hear, close: () => adapter.close() };
  });
});
