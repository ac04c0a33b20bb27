import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Actions } from "../../testing/actions.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { PlayTracker } from "../play-tracker.ts";
import { StatusReader } from "./status.ts";

interface WireLine {
  readonly t_ms: number;
  readonly dir: "C" | "S";
  readonly line: string;
}

const RECORDINGS = join(import.meta.dirname, "../../testing/recordings/mpd");

/** What a real MPD said, at the time it said it. @returns what was recorded of it. */
function replay(name: string): TapedPlays {
  const path = join(RECORDINGS, name);
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "mpd" });
  const reader = new StatusReader();
  const begunMs = clock.wall;
  let lines: string[] = [];
  for (const { t_ms, dir, line } of linesOf(path)) {
    clock.now = t_ms;
    clock.wall = begunMs + t_ms;
    if (dir === "C") continue;
    if (!line.startsWith("OK")) lines.push(line);
    else if (lines.some((each) => each.startsWith("state: "))) tracker.see(reader.read(lines).seen);
    if (line.startsWith("OK")) lines = [];
  }
  tracker.close();
  return telemetry;
}

const linesOf = (path: string): WireLine[] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as WireLine);

describe("a recording of MPD 0.23.12", () => {
  it("with skips, a pause, seeks, a deletion, a broken file and ends has the plays that were asked for", () => {
    const { plays, sources } = replay("session1.wire.jsonl");
    expect(plays).toMatchObject([
      { title: "Plucked Interval", ms_played: 2_586, reason_start: "playbtn", reason_end: "fwdbtn" },
      {
        title: "Rising Sine",
        ms_played: 5_728,
        ms_paused: 1_242,
        duration_ms: 8_000,
        reason_start: "fwdbtn",
        reason_end: "trackdone",
        position_end_ms: 8_000,
      },
      // The status says 20.043 s, which is the length of the song after it.
      {
        title: "Pink Noise",
        artist: "Ünïcode & Sons",
        duration_ms: 5_000,
        ms_played: 351,
        reason_start: "trackdone",
        reason_end: "backbtn",
      },
      // Seeked to its beginning in its middle, and not repeated.
      {
        title: "Rising Sine",
        ms_played: 3_777,
        reason_start: "backbtn",
        reason_end: "clickrow",
        shuffle: false,
      },
      { title: "Long Triangle", ms_played: 2_072, reason_start: "clickrow", reason_end: "endplay" },
      { title: "Pink Noise", ms_played: 4_990, reason_start: "clickrow", reason_end: "trackdone" },
    ]);
    expect(plays.every(({ reason_basis }) => reason_basis === "inferred")).toBe(true);
    expect(sources).toMatchObject([
      { from: { source_type: "idle" }, to: { source_type: "queue" }, evidence: "file" },
    ]);
  });

  it("with a radio, whose titles change, and with dead and faded ones has one play of each that sounded", () => {
    const { plays, sources, text } = replay("radio.wire.jsonl");
    expect(plays).toMatchObject([
      { title: "Plucked Interval", ms_played: 1_967, reason_end: "endplay", source_type: "queue" },
      {
        title: "Loopback FM",
        content_type: "station",
        livestream: true,
        duration_ms: null,
        ms_played: 16_961,
        ms_paused: 2_009,
        reason_start: "source_switch",
        reason_end: "endplay",
        source_type: "radio",
        // From when its time passed, not from when MPD called it playing.
        started_at: "2025-11-22T19:49:03.619Z",
      },
      { title: "Pink Noise", ms_played: 4_966, reason_start: "source_switch", reason_end: "trackdone" },
    ]);
    expect(sources.map(({ from, to }) => [from.source_type, to.source_type])).toEqual([
      ["idle", "queue"],
      ["queue", "radio"],
      ["radio", "queue"],
    ]);
    expect(text).not.toMatch(/127\.0\.0\.1|8611|\.flac/);
  });

  /** As long as was asked for; an item that ends by itself, and a station, take their own time to begin. */
  const near = (ms: number, slackMs: number) =>
    expect.toSatisfy((told: number) => Math.abs(told - ms) <= slackMs, `${ms} ± ${slackMs}`);

  it("has played for as long as its listener asked for, by what he did alone", () => {
    const asked = new Actions(join(RECORDINGS, "session1.actions.jsonl"));
    const { plays } = replay("session1.wire.jsonl");
    const beforePause = asked.between([5, "next"], [6, "pause"]);
    const beforeSeek = asked.between([7, "play"], [8, "seek 00:00:06"]);
    expect(plays.map(({ title, ms_played, reason_end }) => [title, ms_played, reason_end])).toEqual([
      ["Plucked Interval", near(asked.between([4, "play"], [5, "next"]), 100), "fwdbtn"],
      // 8 s long, and seeked to its 6th.
      ["Rising Sine", near(beforePause + beforeSeek + 2_000, 1_500), "trackdone"],
      ["Pink Noise", near(asked.between([8, "seek"], [9, "prev"]) - 2_000, 1_500), "backbtn"],
      // Neither the volume, a seek, the modes nor a room end it.
      ["Rising Sine", near(asked.between([9, "prev"], [16, "play 4"]), 100), "clickrow"],
      ["Long Triangle", near(asked.between([16, "play 4"], [17, "del 4"]), 100), "endplay"],
      // All of its 5 s; what cannot be decoded is no play.
      ["Pink Noise", near(5_000, 100), "trackdone"],
    ]);
    expect(plays[1]!.ms_paused).toEqual(near(asked.between([6, "pause"], [7, "play"]), 100));
  });

  it("has played a radio for as long as its listener asked for", () => {
    const asked = new Actions(join(RECORDINGS, "radio.actions.jsonl"));
    const { plays } = replay("radio.wire.jsonl");
    const radioMs = asked.between([4, "play"], [6, "pause"]) + asked.between([7, "play"], [8, "stop"]);
    expect(plays.map(({ title, ms_played, reason_end }) => [title, ms_played, reason_end])).toEqual([
      ["Plucked Interval", near(asked.between([1, "play"], [2, "clear"]), 100), "endplay"],
      ["Loopback FM", near(radioMs, 1_500), "endplay"],
      // The dead station is no play.
      ["Pink Noise", near(5_000, 100), "trackdone"],
    ]);
    expect(plays[1]!.ms_paused).toEqual(near(asked.between([6, "pause"], [7, "play"]), 100));
  });
});
