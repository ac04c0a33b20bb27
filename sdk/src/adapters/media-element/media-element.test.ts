import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeElement } from "../../testing/fake-element.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMediaElement, type MediaDescription } from "./media-element.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let element: FakeElement;
let page: EventTarget;

beforeEach(() => {
  onTrouble.mockClear();
  clock = new ManualClock();
  telemetry = new TapedPlays();
  element = new FakeElement();
  page = new EventTarget();
  vi.stubGlobal("navigator", { userActivation: { hasBeenActive: false } });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => vi.unstubAllGlobals());

const onTrouble = vi.fn();
const follow = (told?: () => MediaDescription): Adapter =>
  followMediaElement(element as unknown as HTMLMediaElement, {
    telemetry,
    clock,
    player_id: "page",
    onTrouble,
    ...(told && { describe: told }),
  });

describe("an element", () => {
  it("that waits for data, or for the place it was seeked to, is not heard meanwhile", async () => {
    const adapter = follow();
    element.tell("playing", { paused: false });
    await clock.advance(1_000);
    element.tell("waiting", { readyState: 2 });
    await clock.advance(400);
    element.tell("canplay", { readyState: 3 });
    await clock.advance(1_000);
    element.tell("seeking", { seeking: true, currentTime: 40 });
    await clock.advance(300);
    element.tell("seeked", { seeking: false });
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 3_000, ms_buffering: 700, position_end_ms: 41_000 },
    ]);
  });

  it("at rate 0 is paused, even if it waits for data meanwhile", async () => {
    const adapter = follow();
    element.tell("playing", { paused: false });
    await clock.advance(1_000);
    element.tell("ratechange", { playbackRate: 0 });
    await clock.advance(500);
    element.tell("waiting", { readyState: 2 });
    await clock.advance(500);
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ ms_played: 1_000, ms_paused: 1_000, ms_buffering: 0 }]);
  });

  it("that nobody has clicked plays by itself", () => {
    const adapter = follow();
    element.tell("playing", { paused: false });
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ reason_start: "autoplay", reason_end: "unknown" }]);
  });

  it("whose decoder fails ends its play with an error, as it reported", async () => {
    follow();
    element.tell("playing", { paused: false });
    await clock.advance(500);
    element.tell("error", { error: { code: 3 } });
    expect(telemetry.finals).toMatchObject([{ reason_end: "trackerror", reason_basis: "reported" }]);
  });

  it("plays several items from one source where the application tells them apart", async () => {
    let title = "one";
    const adapter = follow(() => ({
      key: title,
      title,
      service: "shop",
      content_type: "track",
      shuffle: true,
    }));
    element.tell("playing", { paused: false });
    await clock.advance(500);
    title = "two";
    element.tell("durationchange", { currentTime: 0, duration: 30 });
    await clock.advance(500);
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { title: "one", service: "shop", content_type: "track", shuffle: true },
      { title: "two", duration_ms: 30_000 },
    ]);
    expect(telemetry.text).not.toMatch(/CANARY|shop\.example/);
    expect(telemetry.sources).toMatchObject([{ to: { source_type: "queue" }, evidence: "blob" }]);
  });

  it("whose description fails keeps the one before, and its play, which is told once", async () => {
    let isSpoilt = false;
    const adapter = follow(() => {
      if (isSpoilt) throw new Error("no item");
      return { key: "one", title: "one" };
    });
    element.tell("playing", { paused: false });
    for (const spoilt of [true, true, false, true]) {
      isSpoilt = spoilt;
      await clock.advance(500);
      element.tell("ratechange");
    }
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ title: "one", ms_played: 2_000 }]);
    expect(onTrouble.mock.calls).toEqual([
      ["what is on cannot be described (no item)"],
      ["what is on cannot be described (no item)"],
    ]);
  });

  it("that is sent back by its user near the end is not repeated, because it does not loop", async () => {
    const adapter = follow();
    element.tell("playing", { paused: false });
    await clock.advance(59_500);
    element.tell("seeking", { seeking: true, currentTime: 0 });
    element.tell("seeked", { seeking: false });
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ ms_played: 60_500 }]);
  });

  it("is left alone by an adapter that is closed", () => {
    const adapter = follow();
    adapter.close();
    element.tell("playing", { paused: false });
    page.dispatchEvent(new Event("pagehide"));
    expect(telemetry.plays).toEqual([]);
  });

  it("ends its play when the page goes, and plays a new one if it comes back", () => {
    follow();
    element.tell("playing", { paused: false });
    page.dispatchEvent(new Event("pagehide"));
    element.tell("pause", { paused: true });
    element.tell("playing", { paused: false });
    page.dispatchEvent(new Event("pagehide"));
    expect(telemetry.finals).toMatchObject([
      { reason_end: "endplay", reason_basis: "reported" },
      { reason_start: "playbtn", reason_end: "endplay" },
    ]);
  });
});
