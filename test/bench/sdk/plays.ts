import { createListener, Random } from "@tonearm/simulator/testing";
import type { Play } from "./contender.ts";

/** What a speaker with a queue says of a play: the thirteen fields, in this order. */
const FIELDS = [
  "service",
  "source_type",
  "shuffle",
  "artist",
  "album",
  "title",
  "reason_start",
  "reason_end",
  "skipped",
  "duration_ms",
  "ms_played",
  "started_at",
  "ended_at",
] as const;

/** A Monday, 06:00 UTC. */
const STARTED_AT_MS = Date.UTC(2026, 10, 23, 6);

/**
 * One speaker's plays of tracks, one after the other as the listening model makes them; the same every time. No two
 * begin in the same millisecond, so `started_at` names a play.
 */
export function makePlays(count: number): Play[] {
  const listener = createListener({
    random: new Random("bench"),
    playerId: "player-0",
    groupId: "group-0",
    householdId: "household-0",
    startedAtMs: STARTED_AT_MS,
  });
  const plays: Play[] = [];
  const seen = new Set<string>();
  while (plays.length < count) {
    const { type, data } = listener.next();
    if (type !== "play" || data.report_type !== "final" || data.content_type !== "track") continue;
    if (seen.has(data.started_at)) continue;
    seen.add(data.started_at);
    plays.push(Object.fromEntries(FIELDS.map((field) => [field, data[field] ?? null])));
  }
  return plays;
}
