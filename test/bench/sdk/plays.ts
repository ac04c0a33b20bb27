import { createListener, Random } from "@tonearm/simulator/testing";
import type { Play, Plays } from "./contender.ts";

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

/** Listening comes again after so many plays, later by as much as it took: further apart than any client's batches reach. */
const TEMPLATES = 5_000;

/**
 * One speaker's plays of tracks, one after the other as the listening model makes them; the same every time. What a play says of
 * its length belongs to when it began and ended.
 */
export function makePlays(count: number): Plays {
  const listener = createListener({
    random: new Random("bench"),
    playerId: "player-0",
    groupId: "group-0",
    householdId: "household-0",
    startedAtMs: STARTED_AT_MS,
  });
  const templates: Play[] = [];
  const times = new Map<number, number>();
  // One more than is needed: it begins when the first comes again.
  while (times.size <= TEMPLATES) {
    const { type, data } = listener.next();
    if (type !== "play" || data.report_type !== "final" || data.content_type !== "track") continue;
    const startedMs = Date.parse(data.started_at);
    if (times.has(startedMs)) continue;
    times.set(startedMs, Date.parse(data.ended_at!));
    templates.push(Object.fromEntries(FIELDS.map((field) => [field, data[field] ?? null])));
  }
  const spans = [...times];
  const cycleMs = spans.pop()![0] - spans[0]![0];
  templates.pop();
  const at = (number: number, end: 0 | 1) =>
    new Date(spans[number % TEMPLATES]![end] + Math.floor(number / TEMPLATES) * cycleMs).toISOString();
  return {
    templates,
    startedAt: Array.from({ length: count }, (_, i) => at(i, 0)),
    endedAt: Array.from({ length: count }, (_, i) => at(i, 1)),
  };
}
