import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeMpd, SONG } from "../../testing/fake-mpd.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMpd } from "./mpd.ts";

const song = (elapsedS: number, durationS: number) =>
  SONG.with(3, `elapsed: ${elapsedS}`).with(6, `duration: ${durationS}`);

describe("an MPD whose connection stays", () => {
  let mpd: FakeMpd;
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let adapter: Adapter;
  const onTrouble = vi.fn();
  beforeEach(async () => {
    onTrouble.mockClear();
    mpd = new FakeMpd();
    clock = new ManualClock();
    telemetry = new TapedPlays();
    const port = await mpd.start();
    mpd.status = song(0, 180);
    adapter = followMpd({ telemetry, clock, player_id: "mpd", port, onTrouble });
    await asked(1);
  });
  afterEach(() => {
    adapter.close();
    mpd.stop();
  });
  const asked = (times: number) =>
    vi.waitFor(() => {
      expect(mpd.heard.filter((each) => each.startsWith("idle"))).toHaveLength(times);
    });
  const hang = () => {
    mpd.answer = () => "";
  };
  /** Hangs from now on, is asked after so many ms, and does not answer in time. */
  const hangUntilLost = async (askedAfterMs: number) => {
    hang();
    await clock.advance(askedAfterMs);
    await vi.waitFor(() => expect(mpd.heard).toContain("noidle"));
    await clock.advance(10_000);
    await isTold();
  };
  const isTold = () => vi.waitFor(() => expect(telemetry.finals).toHaveLength(1));

  it("and hangs has played until it was asked, and is lost", async () => {
    await hangUntilLost(60_000);
    expect(telemetry.finals).toMatchObject([
      { ms_played: 60_000, ms_buffering: 10_000, reason_end: "unexpected-exit", reason_basis: "inferred" },
    ]);
    expect(onTrouble.mock.calls).toEqual([["MPD is lost (it did not answer within 10000 ms); trying again"]]);
  });

  it("and hangs is asked no later than when its song is due to end", async () => {
    mpd.status = song(0, 20);
    mpd.tell("player");
    await asked(2);
    await hangUntilLost(20_250);
    expect(telemetry.finals).toMatchObject([{ ms_played: 20_250, reason_end: "unexpected-exit" }]);
  });

  it("and hangs while it is paused is lost, too", async () => {
    mpd.status = song(5, 180).with(0, "state: pause");
    mpd.tell("player");
    await asked(2);
    await hangUntilLost(60_000);
    expect(telemetry.finals).toMatchObject([
      { reason_end: "unexpected-exit-while-paused", ms_paused: 70_000 },
    ]);
  });

  it("and answers plays on, and is asked once a minute", async () => {
    for (let minute = 1; minute <= 2; minute++) {
      mpd.status = song(minute * 60, 180);
      await clock.advance(60_000);
      await asked(minute + 1);
    }
    adapter.close();
    expect(mpd.heard.filter((each) => each === "noidle")).toHaveLength(2);
    expect(telemetry.finals).toMatchObject([{ ms_played: 120_000, ms_buffering: 0, reason_end: "unknown" }]);
  });

  it("and stops is asked nothing", async () => {
    mpd.status = ["state: stop"];
    mpd.tell("player");
    await asked(2);
    await clock.advance(3_600_000);
    expect(mpd.heard).not.toContain("noidle");
  });

  it("and whose file from the network stalls has played what its time says", async () => {
    const far = (elapsedS: number) => song(elapsedS, 1_800).with(4, "file: https://pod.example/a.mp3");
    mpd.status = far(1);
    mpd.tell("player");
    await asked(2);
    for (const [i, elapsedS] of [11, 13, 13].entries()) {
      mpd.status = far(elapsedS);
      await clock.advance(10_000);
      await asked(3 + i);
    }
    adapter.close();
    expect(telemetry.finals).toMatchObject([
      { ms_played: 12_000, ms_buffering: 18_000, position_end_ms: 13_000 },
    ]);
  });
});
