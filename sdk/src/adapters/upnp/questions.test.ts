import { expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { TransportFollower } from "./follower.ts";

it("a player that leaves every question without an answer is gone after three of them, and its play with it", async () => {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  let lost = 0;
  const transport = new TransportFollower(
    { telemetry, clock, player_id: "p" },
    { trusts: true, ask: () => new Promise(() => undefined), onLost: () => lost++ },
  );
  transport.change({
    TransportState: "PLAYING",
    CurrentTrackURI: "http://a/1",
    CurrentTrackDuration: "0:03:00",
  });
  for (let second = 0; second < 3_600; second++) await clock.advance(1_000);
  expect(lost).toBe(1);
  expect(telemetry.plays).toMatchObject([{ reason_end: "unexpected-exit" }]);
  expect(telemetry.plays[0]!.ms_played).toBeLessThan(60_000);
});
