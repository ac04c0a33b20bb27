import { describe, expect, it } from "vitest";
import { SONG } from "../../testing/fake-mpd.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { PlayTracker } from "../play-tracker.ts";
import { StatusReader } from "./status.ts";

describe("a status", () => {
  it.each([
    [["repeat: 1", "single: 1"], "one", true],
    [["repeat: 1", "playlistlength: 1"], "all", true],
    [["repeat: 1", "playlistlength: 2"], "all", false],
    [["single: 1"], "off", false],
  ])("with %j repeats %s", (modes, repeat, mayRepeat) => {
    expect(new StatusReader().read([...modes, ...SONG]).seen).toMatchObject({ repeat, mayRepeat });
  });

  it("has no length where it is said to be 0", () => {
    const lines = ["state: play", "songid: 1", "file: http://h/live", "duration: 0.000", "elapsed: 1.000"];
    expect(new StatusReader().read(lines).seen.item).toMatchObject({ durationMs: null });
  });

  it("has failed only when its error is a new one", () => {
    const reader = new StatusReader();
    const read = (...lines: string[]) => reader.read(lines).seen;
    expect(read("state: stop", "error: a").because).toEqual({ end: "trackerror", basis: "inferred" });
    expect(read("state: stop", "error: a").because).toBeUndefined();
    expect(read(...SONG).state).toBe("playing");
    expect(read("state: stop", "error: a").because).toBeDefined();
  });

  it("names the source by the scheme, and a line-in by none of its words", () => {
    const itemOf = (file: string) =>
      new StatusReader().read(["state: play", "songid: 1", `file: ${file}`]).seen.item;
    expect(itemOf("alsa://hw:1,0")).toMatchObject({
      evidence: "alsa",
      livestream: true,
      words: { source_type: "line_in", content_type: "unknown", title: null },
    });
    expect(itemOf("cdda:/1")).toMatchObject({ evidence: "cdda", words: { source_type: "line_in" } });
    expect(itemOf("a.flac")).toMatchObject({ evidence: "file", livestream: false, durationMs: null });
    expect(itemOf("Anna.Smith:private/x.flac")).toMatchObject({ evidence: "file", livestream: false });
  });

  it("is read with whatever is in its lines but a new line", () => {
    const read = (...lines: string[]) => new StatusReader().read(["state: play", "songid: 1", ...lines]).seen;
    expect(read("file: a/x\u2028y\r.flac", "Title: A\u2029B").item).toMatchObject({
      words: { title: "A\u2029B" },
    });
  });

  it("of a song without a length of its own has the one that was told when it began, not the next one's", () => {
    const reader = new StatusReader();
    const read = (id: number, elapsed: number, duration: number) =>
      reader.read([
        "state: play",
        `songid: ${id}`,
        `elapsed: ${elapsed}`,
        `duration: ${duration}`,
        "file: a.flac",
      ]);
    const lengths = [read(1, 1, 60), read(1, 58, 200), read(2, 0, 200), read(2, 1, 200)];
    expect(lengths.map(({ seen }) => seen.item?.durationMs)).toEqual([60_000, 60_000, 200_000, 200_000]);
  });
});

describe("plays of an MPD", () => {
  const follow = () => {
    const clock = new ManualClock();
    const telemetry = new TapedPlays();
    const tracker = new PlayTracker({ telemetry, clock, player_id: "mpd" });
    const reader = new StatusReader();
    const look = async (status: Readonly<Record<string, string>>, song: readonly string[], ms: number) => {
      const all = { state: "play", ...status };
      const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}`);
      tracker.see(reader.read([...lines, ...song]).seen);
      await clock.advance(ms);
    };
    return { look, telemetry, tracker };
  };
  const song = (id: number) => [`file: ${id}.flac`, `Title: T${id}`, "duration: 60"];

  it("that takes out what it has played are skipped to the next, whose place is the same", async () => {
    const { look, telemetry, tracker } = follow();
    const at = { song: "0", nextsong: "1", elapsed: "0.1" };
    await look({ ...at, songid: "1", nextsongid: "2" }, song(1), 10_000);
    await look({ ...at, songid: "2", nextsongid: "3" }, song(2), 10_000);
    await look({ ...at, songid: "9", nextsongid: "3" }, song(9), 10_000);
    tracker.close();
    expect(telemetry.finals.map(({ reason_end }) => reason_end)).toEqual(["fwdbtn", "clickrow", "unknown"]);
  });

  it("of a file from the network are none of a radio while its length is not known", async () => {
    const { look, telemetry, tracker } = follow();
    await look({ song: "0", songid: "1", nextsongid: "2", elapsed: "0.1" }, song(1), 10_000);
    const far = ["file: https://pod.example/CANARY.mp3"];
    await look({ songid: "2", elapsed: "0.000" }, far, 500);
    await look({ songid: "2", elapsed: "0.400" }, far, 300);
    await look({ songid: "2", elapsed: "0.700", duration: "1800.0" }, [...far, "Title: Ep"], 60_000);
    tracker.close();
    expect(telemetry.finals).toMatchObject([
      { title: "T1", reason_end: "fwdbtn" },
      {
        title: "Ep",
        duration_ms: 1_800_000,
        source_type: "queue",
        reason_start: "fwdbtn",
        livestream: false,
      },
    ]);
    expect(telemetry.sources).toHaveLength(1);
  });
});
