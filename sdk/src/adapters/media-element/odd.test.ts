import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeElement } from "../../testing/fake-element.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMediaElement } from "./media-element.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let element: FakeElement;
const onTrouble = vi.fn();

beforeEach(() => {
  onTrouble.mockClear();
  clock = new ManualClock();
  telemetry = new TapedPlays();
  element = new FakeElement();
  const page = new EventTarget();
  vi.stubGlobal("navigator", { userActivation: { hasBeenActive: true } });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => vi.unstubAllGlobals());

const follow = (): Adapter =>
  followMediaElement(element as unknown as HTMLMediaElement, { telemetry, clock, player_id: "p", onTrouble });
const play = () => element.tell("playing", { paused: false });
const reasons = () => telemetry.finals.map(({ reason_end }) => reason_end);

describe("an element whose page is quicker than its adapter", () => {
  it.each([
    ["plays the next address", () => element.swap("https://shop.example/2.mp3")],
    [
      "rewinds, and plays again",
      () => Object.assign(element, { currentTime: 0, ended: false, seeking: true }),
    ],
  ])(
    "and %s when it hears of an end has come to that end, and has the length that it had",
    async (_, act) => {
      element.addEventListener("ended", act);
      const adapter = follow();
      play();
      await clock.advance(60_000);
      element.tell("ended", { currentTime: 60, ended: true });
      if (element.readyState === 0) element.load(30);
      else element.tell("playing", { seeking: false });
      await clock.advance(1_000);
      adapter.close();
      expect(telemetry.finals).toMatchObject([
        {
          ms_played: 60_000,
          position_end_ms: 60_000,
          duration_ms: 60_000,
          reason_end: "trackdone",
          reason_basis: "reported",
        },
        { ms_played: 1_000, reason_start: "trackdone" },
      ]);
    },
  );

  it("and goes on to the next address when it hears of an error has had that error", async () => {
    element.addEventListener("error", () => element.swap("https://shop.example/2.mp3"));
    const adapter = follow();
    play();
    await clock.advance(1_000);
    element.tell("error", { error: { code: 3 } });
    element.load(30);
    adapter.close();
    expect(reasons()).toEqual(["trackerror", "unknown"]);
  });

  it("and swaps its address in the middle has been where it was, whatever is told before `emptied`", async () => {
    const adapter = follow();
    play();
    await clock.advance(5_000);
    element.swap("https://shop.example/2.mp3");
    element.tell("ratechange");
    element.tell("waiting");
    element.load(30);
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 5_000, position_end_ms: 5_000, duration_ms: 60_000, reason_end: "clickrow" },
      { ms_played: 1_000, duration_ms: 30_000 },
    ]);
  });

  it("and swaps its address while it is paused has a play of each", async () => {
    const adapter = follow();
    play();
    await clock.advance(5_000);
    element.tell("pause", { paused: true });
    await clock.advance(2_000);
    element.swap("https://shop.example/2.mp3");
    element.tell("emptied");
    await clock.advance(11_000);
    expect(telemetry.finals).toMatchObject([{ ms_played: 5_000, ms_paused: 2_000, reason_end: "clickrow" }]);
    element.load(30);
    adapter.close();
    expect(reasons()).toEqual(["clickrow", "unknown"]);
  });

  it("and takes its address away has ended", async () => {
    const adapter = follow();
    play();
    await clock.advance(5_000);
    element.swap("");
    element.tell("emptied");
    await clock.advance(1);
    expect(telemetry.finals).toMatchObject([{ ms_played: 5_000, reason_end: "endplay" }]);
    adapter.close();
  });
});

describe("an element", () => {
  it("that is taken out of its document is paused, and goes on with the same play", async () => {
    const adapter = follow();
    play();
    await clock.advance(5_000);
    element.tell("pause", { paused: true });
    await clock.advance(60_000);
    play();
    await clock.advance(1_000);
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ ms_played: 6_000, ms_paused: 60_000 }]);
  });

  it("that is sought beyond its end has ended there, having played what it played", async () => {
    const adapter = follow();
    play();
    await clock.advance(5_000);
    element.tell("seeking", { seeking: true, currentTime: 60, ended: true });
    element.tell("ended", { seeking: false, paused: true });
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 5_000, position_end_ms: 60_000, reason_end: "trackdone", reason_basis: "reported" },
    ]);
  });

  it("whose loop is switched on while it plays plays each round, and ends once it is off", async () => {
    const adapter = follow();
    play();
    await clock.advance(30_000);
    element.tell("timeupdate", { loop: true, currentTime: 30 });
    await clock.advance(30_000);
    element.tell("seeking", { seeking: true, currentTime: 0 });
    element.tell("seeked", { seeking: false });
    await clock.advance(30_000);
    element.tell("timeupdate", { loop: false, currentTime: 30 });
    await clock.advance(30_000);
    element.tell("ended", { ended: true, currentTime: 60 });
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 60_000, reason_end: "trackdone", repeat: "one" },
      { ms_played: 60_000, reason_start: "trackdone", reason_end: "trackdone" },
    ]);
    expect(telemetry.finals[1]).not.toHaveProperty("repeat");
  });

  it("that plays backwards goes back, and is paused at its beginning", async () => {
    element.currentTime = 59;
    const adapter = follow();
    play();
    await clock.advance(500);
    element.tell("ratechange", { playbackRate: -2, currentTime: 59.5 });
    await clock.advance(20_000);
    element.tell("waiting", { readyState: 2, currentTime: 19.5 });
    element.tell("canplay", { readyState: 4 });
    await clock.advance(9_750);
    element.tell("timeupdate", { currentTime: 0 });
    await clock.advance(5_000);
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 30_250, ms_paused: 5_000, position_end_ms: 0, reason_end: "unknown" },
    ]);
  });

  it("whose length changes while it is fed is one play, of its last length", async () => {
    const adapter = follow();
    play();
    for (const duration of [70, 80]) {
      await clock.advance(5_000);
      element.tell("durationchange", { duration });
    }
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ ms_played: 10_000, duration_ms: 80_000, livestream: false }]);
  });

  it("that is live stays so when its stream ends, and gets a length by that", async () => {
    element.duration = Number.POSITIVE_INFINITY;
    const adapter = follow();
    play();
    await clock.advance(10_000);
    element.tell("durationchange", { duration: 10, currentTime: 10 });
    element.tell("ended", { ended: true, paused: true });
    element.swap("https://shop.example/2.mp3");
    element.load(30);
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { livestream: true, duration_ms: null, source_type: "radio", reason_end: "trackdone" },
      { livestream: false, duration_ms: 30_000, reason_start: "trackdone" },
    ]);
    expect(telemetry.sources.map(({ to }) => to.source_type)).toEqual(["radio", "queue"]);
  });

  it("that has no end until its length is set is no live stream", async () => {
    element.duration = Number.POSITIVE_INFINITY;
    const adapter = follow();
    element.tell("durationchange", { duration: 60 });
    play();
    adapter.close();
    expect(telemetry.finals).toMatchObject([{ livestream: false, duration_ms: 60_000 }]);
    expect(telemetry.sources.map(({ to }) => to.source_type)).toEqual(["queue"]);
  });

  it("that goes from a file to a live stream and back has switched its source, although that is known late", async () => {
    const adapter = follow();
    play();
    await clock.advance(1_000);
    element.swap("https://radio.example/");
    element.load(Number.POSITIVE_INFINITY);
    await clock.advance(1_000);
    element.swap("https://shop.example/2.mp3");
    element.load(30);
    adapter.close();
    expect(reasons()).toEqual(["source_switch", "source_switch", "unknown"]);
    expect(telemetry.finals).toMatchObject([
      {},
      { reason_start: "source_switch", livestream: true },
      { reason_start: "source_switch" },
    ]);
  });

  it("that is followed twice by mistake says so", () => {
    const [one, two] = [follow(), follow()];
    expect(onTrouble.mock.calls).toEqual([["the element is followed already: each play is told twice"]]);
    one.close();
    two.close();
    follow().close();
    expect(onTrouble).toHaveBeenCalledTimes(1);
  });
});
