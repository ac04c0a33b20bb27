import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Actions } from "../../testing/actions.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { PlayTracker } from "../play-tracker.ts";
import { MprisReader, type Properties } from "./reader.ts";

type Signal = { readonly t: number } & (
  | { readonly signal: "GetAll"; readonly props: Properties }
  | { readonly signal: "PropertiesChanged"; readonly changed: Properties }
  | { readonly signal: "Seeked"; readonly position_us: number }
  | { readonly signal: "NameOwnerChanged" }
);

const RECORDINGS = join(import.meta.dirname, "../../testing/recordings/mpris");

/** What a real mpv signalled, at the time it did. @returns what was recorded of it. */
function replay(): TapedPlays {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "mpv" });
  const reader = new MprisReader("mpv");
  for (const line of readFileSync(join(RECORDINGS, "mpv.jsonl"), "utf8").trim().split("\n")) {
    const signal = JSON.parse(line) as Signal;
    clock.now = signal.t;
    clock.wall = signal.t;
    if (signal.signal === "GetAll") tracker.see(reader.set(signal.props));
    else if (signal.signal === "PropertiesChanged") tracker.see(reader.change(signal.changed));
    else if (signal.signal === "Seeked") tracker.see(reader.seek(signal.position_us));
    else tracker.lost();
  }
  return telemetry;
}

it("a recording of mpv has the plays that were asked for, from its signals alone", () => {
  const telemetry = replay();
  expect(telemetry.plays).toMatchObject([
    // It never signals that it plays; after a pause and a seek it ends by itself.
    {
      title: "Plucked Interval",
      artist: "SoX Ensemble",
      album: "Loopback Sessions",
      ms_played: 3_977,
      ms_paused: 708,
      position_start_ms: 0,
      position_end_ms: 6_000,
      reason_start: "playbtn",
      reason_end: "trackdone",
      service: "mpv",
    },
    { title: "Long Triangle", ms_played: 1_504, reason_start: "clickrow", reason_end: "clickrow" },
    {
      title: "Rising Sine",
      ms_played: 2_232,
      reason_start: "clickrow",
      reason_end: "endplay",
      repeat: "off",
    },
  ]);
  expect(telemetry.sources).toMatchObject([
    { to: { source_type: "queue", service: "mpv" }, evidence: "file" },
  ]);
  expect(telemetry.text).not.toMatch(/srv|\.flac|\.mp3|\.ogg/);
});

it("a recording of mpv has played for as long as its listener asked for, by what he did alone", () => {
  const asked = new Actions(join(RECORDINGS, "mpv.actions.jsonl"));
  const near = (ms: number) => expect.toSatisfy((told: number) => Math.abs(told - ms) <= 150, `${ms} ± 150`);
  const beforePause = asked.between([0, "01-plucked"], [1, "pause"]);
  const beforeSeek = asked.between([2, "play"], [3, "position 4"]);
  const { plays } = replay();
  expect(plays.map(({ title, ms_played, reason_end }) => [title, ms_played, reason_end])).toEqual([
    // 6 s long, and seeked to its 4th.
    ["Plucked Interval", near(beforePause + beforeSeek + 2_000), "trackdone"],
    ["Long Triangle", near(asked.between([4, "04-long"], [5, "02-rising"])), "clickrow"],
    // Neither the volume nor the loop ends it; what cannot be decoded is no play.
    ["Rising Sine", near(asked.between([5, "02-rising"], [9, "stop"])), "endplay"],
  ]);
});
