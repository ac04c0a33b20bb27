/** The events of some test vectors. */
import type { BatchVector } from "./vector-files.ts";

const TIME_MS = 1_763_840_940_123;
type Event = NonNullable<BatchVector["events"][number]>;
export const event = (type: string, data: string, more: Partial<Event> = {}): Event => ({
  type,
  time_ms: TIME_MS,
  mono_ms: 5_021,
  offset_ms: null,
  data,
  ...more,
});

export const play = JSON.stringify({
  play_id: "019aac00-1111-7222-8333-444455556666",
  report_type: "final",
  started_at: "2026-11-22T19:45:00.000Z",
  ended_at: "2026-11-22T19:48:20.500Z",
  ms_played: 200_500,
  position_start_ms: 0,
  position_end_ms: 200_500,
  duration_ms: 200_500,
  content_type: "track",
  item_uri: "x-track:0001",
  title: "Étude № 3",
  artist: "Öffentliche Probe",
  reason_end: "trackdone",
});

/** Plays one after the other, the volume between them, and a number that was given up. */
export function ofHousehold(i: number): Event | null {
  if (i === 9) return null;
  const startedMs = TIME_MS + 200_000 * i;
  const at = (ms: number) => new Date(ms).toISOString();
  const times = {
    time_ms: startedMs + 200_002,
    mono_ms: 5_021 + 200_000 * i,
    offset_ms: i < 12 ? null : -250,
  };
  if (i % 4 === 3) {
    const room = { name: "kitchen", groups: [1, i % 2] };
    return event("volume", JSON.stringify({ level: 20 + i, room }), times);
  }
  const data = {
    artist: i < 6 ? "Öffentliche Probe" : "Aino",
    title: `Étude "№ ${Math.floor(i / 2)}"`,
    album: i < 15 ? null : "Signal",
    skipped: i % 5 === 4,
    rating: i / 2,
    duration_ms: 200_500 + (i % 3),
    ms_played: i % 5 === 4 ? 20_000 : 200_000,
    started_at: at(startedMs),
    ended_at: at(startedMs + 200_000),
  };
  return event("play", JSON.stringify(data), times);
}

/** A player's plays in the vocabulary's words, some of no known length. */
export function ofPlayer(i: number): Event {
  const startedMs = TIME_MS + 240_000 * i;
  const at = (ms: number) => new Date(ms).toISOString();
  const isSkipped = i % 7 === 2;
  const data = {
    service: i < 10 ? "spotify" : null,
    source_type: i < 10 ? "queue" : "airplay",
    shuffle: false,
    artist: "Aino",
    title: `Étude ${i}`,
    reason_start: i === 0 ? "clickrow" : "trackdone",
    reason_end: isSkipped ? "fwdbtn" : "trackdone",
    skipped: isSkipped,
    duration_ms: i % 5 === 1 ? null : 200_000 + ((i * 7919) % 50_000),
    ms_played: isSkipped ? 9_000 : 200_000,
    started_at: at(startedMs),
    ended_at: i % 6 === 5 ? null : at(startedMs + 200_000),
    mood: "queue",
  };
  return event("play", JSON.stringify(data), { time_ms: startedMs + 240_000, mono_ms: 240_000 * (i + 1) });
}
