import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { TransportFollower } from "./follower.ts";
import { changesIn, textOf } from "./xml.ts";

interface Recorded {
  readonly t_ms: number;
  readonly kind: string;
  readonly path?: string;
  readonly action?: string;
  readonly body: string;
}

const SESSION = join(import.meta.dirname, "../../testing/recordings/upnp/gmediarender.jsonl");

it("a recording of gmediarender has the plays that were asked for, of what it could play", async () => {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const renderer = new TransportFollower(
    { telemetry, clock, player_id: "renderer" },
    { trusts: false, ask: async () => undefined },
  );
  for (const line of readFileSync(SESSION, "utf8").trim().split("\n")) {
    const { t_ms, kind, path, action, body } = JSON.parse(line) as Recorded;
    await clock.advance(t_ms - clock.now);
    if (kind === "NOTIFY" && path?.endsWith("/AVTransport")) renderer.change(changesIn(body)!);
    if (action === "GetPositionInfo") {
      renderer.position({ RelTime: textOf(body, "RelTime"), TrackURI: textOf(body, "TrackURI") });
    }
  }
  renderer.close();
  expect(telemetry.plays).toMatchObject([
    {
      title: "Plucked Interval",
      artist: "SoX Ensemble",
      album: "Loopback Sessions",
      content_type: "track",
      ms_played: 6_000,
      ms_paused: 811,
      duration_ms: 6_000,
      reason_start: "playbtn",
      reason_end: "trackdone",
    },
    // Announced a second before it sounded.
    {
      title: "Pink Noise",
      artist: "Ünïcode & Sons",
      ms_played: 5_151,
      duration_ms: 5_000,
      reason_start: "trackdone",
      reason_end: "trackdone",
    },
    // Seeked to its 12th second, replaced in the middle, without a stop.
    { ms_played: 2_709, duration_ms: 20_000, reason_start: "clickrow", reason_end: "clickrow" },
    // The renderer says 1 s, the control point 8.
    { title: "Rising Sine", ms_played: 1_511, duration_ms: 8_000, reason_end: "endplay" },
    // The broken file, and the one that is not there, are PLAYING, and no plays.
  ]);
  expect(telemetry.plays[2]!.position_end_ms).toBeGreaterThan(11_000);
  expect(telemetry.sources).toMatchObject([{ to: { source_type: "queue" }, evidence: "http" }]);
  expect(telemetry.text).not.toMatch(/10\.99|8088|\.flac|\.mp3|\.ogg/);
});
