// @ts-check
/** A player for trying things out: takes its source, plays short tracks, skips every fourth. No telemetry in here. */
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const TRACKS = ["Lamplight", "Ferry at Dawn", "Paper Boats", "Low Tide"];
const PLAY_MS = 1_500;

/** Lines as a real player would write them. */
export const simulatedPlayer = () => Readable.from(lines(), { objectMode: false });

async function* lines() {
  const idle = { source_type: "idle" };
  const queue = { source_type: "queue" };
  yield line("source", {
    occurred_at: now(),
    player_id: "simulated",
    from: idle,
    to: queue,
    trigger: "user_app",
  });
  for (let i = 0; ; i++) {
    const skipped = i % 4 === 3;
    const msPlayed = skipped ? PLAY_MS / 3 : PLAY_MS;
    const started = now();
    await sleep(msPlayed);
    yield line("play", {
      started_at: started,
      ended_at: now(),
      ms_played: msPlayed,
      duration_ms: PLAY_MS,
      content_type: "track",
      title: TRACKS[i % TRACKS.length],
      reason_start: i === 0 ? "playbtn" : "trackdone",
      reason_end: skipped ? "fwdbtn" : "trackdone",
      source_type: "queue",
    });
  }
}

const line = (/** @type {string} */ type, /** @type {object} */ data) =>
  `${JSON.stringify({ type, data })}\n`;
const now = () => new Date().toISOString();
