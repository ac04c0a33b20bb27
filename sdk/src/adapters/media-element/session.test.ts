import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeElement } from "../../testing/fake-element.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMediaElement } from "./media-element.ts";

let clock: ManualClock;
let telemetry: TapedPlays;
let element: FakeElement;
let session: { metadata: object | null };

beforeEach(() => {
  clock = new ManualClock();
  telemetry = new TapedPlays();
  element = new FakeElement();
  session = { metadata: null };
  const page = new EventTarget();
  vi.stubGlobal("navigator", { userActivation: { hasBeenActive: true }, mediaSession: session });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});
afterEach(() => vi.unstubAllGlobals());

const follow = (): Adapter =>
  followMediaElement(element as unknown as HTMLMediaElement, { telemetry, clock, player_id: "p" });
const play = () => element.tell("playing", { paused: false });

describe("what a page's Media Session says", () => {
  const says = (title: string, artist = "") => {
    session.metadata = { title, artist, album: "" };
  };

  it("after its item sounds is of that item, not what was said before", async () => {
    says("one");
    const adapter = follow();
    play();
    await clock.advance(1_000);
    element.swap("https://shop.example/2.mp3");
    element.load(30);
    // As most pages do it: when `play` has resolved.
    says("two");
    element.tell("timeupdate");
    await clock.advance(1_000);
    element.tell("ended", { ended: true });
    adapter.close();
    expect(telemetry.finals.map(({ title }) => title)).toEqual(["one", "two"]);
  });

  it("while it rests is of what comes next", async () => {
    says("one");
    const adapter = follow();
    play();
    await clock.advance(1_000);
    element.tell("pause", { paused: true });
    says("two");
    element.tell("timeupdate");
    await clock.advance(1_000);
    element.tell("waiting", { readyState: 2 });
    element.swap("https://shop.example/2.mp3");
    element.load(30);
    adapter.close();
    expect(telemetry.finals.map(({ title }) => title)).toEqual(["one", "two"]);
  });

  it("of a live stream is its name, unless it has an artist, or changes", async () => {
    element.duration = Number.POSITIVE_INFINITY;
    says("Jazz FM");
    let adapter = follow();
    play();
    adapter.close();
    adapter = follow();
    says("So What");
    element.tell("timeupdate");
    adapter.close();
    says("So What", "Miles");
    follow().close();
    expect(telemetry.finals).toMatchObject([
      { title: "Jazz FM", artist: null, content_type: "station" },
      { title: null, artist: null },
      { title: null, artist: null },
    ]);
  });
});
