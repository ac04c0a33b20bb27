import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import { PlayTracker } from "./play-tracker.ts";
import type { Sighting } from "./sighting.ts";

const PIPE = join(import.meta.dirname, "../testing/recordings/shairport/session1.metadata.xml");

/** What `pbeg`, `prsm`, `pfls` and `pend` of the metadata pipe say of the state. */
const STATES: Readonly<Record<string, Sighting["state"]>> = {
  pbeg: "buffering",
  prsm: "playing",
  pfls: "paused",
  pend: "stopped",
};

/** A follower of one's own, as docs/adapters/README.md says: the codes are hexadecimal, and `clip` is the client's address. */
function followPipe(xml: string, tracker: PlayTracker, pass: () => void): string[] {
  const codes: string[] = [];
  for (const [, hex = ""] of xml.matchAll(/<code>([0-9a-f]{8})<\/code>/g)) {
    const code = Buffer.from(hex, "hex").toString("latin1");
    codes.push(code);
    pass();
    const state = STATES[code];
    const words = { source_type: "airplay" } as const;
    if (state) tracker.see({ state, item: { key: "airplay", durationMs: null, words, evidence: "ssnc" } });
  }
  return codes;
}

it("a recording of shairport-sync, followed by an adapter of one's own, is one play of AirPlay, and tells nobody's address", () => {
  const clock = new ManualClock();
  const telemetry = new TapedPlays();
  const tracker = new PlayTracker({ telemetry, clock, player_id: "airplay" });
  // The pipe tells no times.
  const codes = followPipe(readFileSync(PIPE, "utf8"), tracker, () => {
    clock.now += 1_000;
    clock.wall += 1_000;
  });
  expect(codes.filter((code) => code in STATES)).toEqual([
    "pbeg",
    "pfls",
    "prsm",
    "pfls",
    "prsm",
    "pfls",
    "pend",
  ]);
  expect(telemetry.plays).toMatchObject([
    { source_type: "airplay", ms_played: 2_000, ms_paused: 4_000, reason_end: "endplay" },
  ]);
  expect(telemetry.sources).toMatchObject([{ to: { source_type: "airplay" }, evidence: "ssnc" }]);
  expect(telemetry.text).not.toMatch(/10\.99|iTunes|MTAu/);
});
