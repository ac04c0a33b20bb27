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

/** Tracks, artists and reasons come again after so many plays: further apart than any client's batches reach. */
const TEMPLATES = 5_000;

/** One speaker's plays of tracks, one after the other as the listening model makes them; the same every time. */
export function makePlays(count: number): Plays {
  const listener = createListener({
    random: new Random("bench"),
    playerId: "player-0",
    groupId: "group-0",
    householdId: "household-0",
    startedAtMs: STARTED_AT_MS,
  });
  const templates: Play[] = [];
  const startedAt = new Set<string>();
  const endedAt: string[] = [];
  while (startedAt.size < count) {
    const { type, data } = listener.next();
    if (type !== "play" || data.report_type !== "final" || data.content_type !== "track") continue;
    if (startedAt.has(data.started_at)) continue;
    startedAt.add(data.started_at);
    endedAt.push(data.ended_at!);
    if (templates.length < TEMPLATES) {
      templates.push(Object.fromEntries(FIELDS.map((field) => [field, data[field] ?? null])));
    }
  }
  return { templates, startedAt: [...startedAt], endedAt };
}
