import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

const NO_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e300, null as never];

/** What comes of a play that is seen like this at its beginning, or a second later. */
async function outcome(
  first: Partial<Sighting>,
  later: Partial<Sighting>,
  durationMs: number | null = 60_000,
) {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({
    telemetry,
    clock,
    player_id: "p",
    onTrouble: (line) => expect.fail(line),
  });
  const item = { key: "a", durationMs, words: { title: "a" } };
  tracker.see({ state: "playing", item, ...first });
  await clock.advance(1_000);
  tracker.see({ state: "playing", item, ...later });
  await clock.advance(1_000);
  tracker.see({ state: "stopped", item: null });
  return telemetry.finals;
}

it.each(
  NO_NUMBERS.flatMap((none) =>
    (["positionMs", "rate", "soundedMs", "crossfadeMs"] as const).map((name) => [name, none] as const),
  ),
)("a play has its final whatever is said: %s %s", async (name, none) => {
  expect(await outcome({ [name]: none }, {})).toMatchObject([{ ms_played: 2_000 }]);
  expect(await outcome({ positionMs: 0 }, { [name]: none })).toMatchObject([{ ms_played: 2_000 }]);
});

it.each([...NO_NUMBERS, 2 ** 53])("a duration of %s is not known", async (durationMs) => {
  expect(await outcome({}, {}, durationMs)).toMatchObject([{ duration_ms: null, ms_played: 2_000 }]);
});

it("a position at the end of the numbers is not passed", async () => {
  const positionMs = Number.MAX_SAFE_INTEGER;
  expect(await outcome({ positionMs, rate: 1_000 }, {})).toMatchObject([{ position_end_ms: positionMs }]);
});

it("at rate 0 nothing is heard", async () => {
  expect(await outcome({ rate: 0 }, { rate: 0 })).toEqual([]);
  expect(await outcome({}, { rate: 0 })).toMatchObject([{ ms_played: 1_000, ms_paused: 1_000 }]);
});
