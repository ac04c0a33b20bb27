import type { Source } from "@tonearm/sdk";
import type { SourceKind } from "./habit.ts";

export type SourceType = Source["source_type"];

/** The one music service that there is; invented, as all content is. */
export const SERVICE = "streamer";

export const IDLE: Source = { source_type: "idle", service: null };
export const FOLLOWING: Source = { source_type: "group_follower", service: null };
export const ALARM: Source = { source_type: "alarm", service: SERVICE };

/** What a session of this kind is about. */
export function sourceOf(kind: SourceKind): Source {
  return { source_type: kind, service: kind === "queue" || kind === "radio" ? SERVICE : null };
}

/** URI schemes by which a player shows its source. */
const EVIDENCE: Readonly<Partial<Record<SourceType, string>>> = {
  queue: "x-rincon-queue",
  radio: "x-rincon-mp3radio",
  line_in: "x-rincon-stream",
  tv: "x-sonos-htastream",
  airplay: "x-sonos-vli",
  spotify_connect: "x-sonos-vli",
  group_follower: "x-rincon",
};

/** The scheme that gives a source away; none for those that have no URI. */
export function evidenceOf({ source_type }: Source): string | null {
  return EVIDENCE[source_type] ?? null;
}
