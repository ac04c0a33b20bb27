import {
  type Check,
  checkFields,
  type Field,
  flag,
  instant,
  milliseconds,
  oneOf,
  orNull,
  text,
} from "./check.ts";

const CONTENT_TYPES = [
  "track",
  "episode",
  "audiobook_chapter",
  "station",
  "advertisement",
  "unknown",
] as const;
const REASONS_START = [
  "trackdone",
  "clickrow",
  "playbtn",
  "fwdbtn",
  "backbtn",
  "appload",
  "remote",
  "trackerror",
  "autoplay",
  "source_switch",
  "resume",
  "alarm",
  "unknown",
] as const;
const REASONS_END = [
  "trackdone",
  "fwdbtn",
  "backbtn",
  "clickrow",
  "endplay",
  "logout",
  "remote",
  "trackerror",
  "unexpected-exit",
  "unexpected-exit-while-paused",
  "source_switch",
  "group_change",
  "unknown",
] as const;
export const SOURCE_TYPES = [
  "queue",
  "radio",
  "line_in",
  "tv",
  "airplay",
  "spotify_connect",
  "bluetooth",
  "google_cast",
  "group_follower",
  "alarm",
  "announcement",
  "idle",
  "unknown",
] as const;

export type ContentType = (typeof CONTENT_TYPES)[number];
export type ReasonStart = (typeof REASONS_START)[number];
export type ReasonEnd = (typeof REASONS_END)[number];
export type SourceType = (typeof SOURCE_TYPES)[number];
/** Whether a player said so, or an adapter concluded it. */
export type Basis = "reported" | "inferred";

/**
 * One play of one item on one group of players. Exactly one `final` for each play; `update`s may come before it while
 * the item plays, with the same `play_id`, at least 10 s apart. Names are those of the stream: snake_case, because
 * that is what the people write who query it. Durations are whole milliseconds.
 */
export interface PlayEvent {
  /** UUID version 7, the same in updates and final; made when missing. */
  readonly play_id?: string;
  /** Default `final`. */
  readonly report_type?: "update" | "final";
  /** When the item began to sound: RFC 3339, UTC. */
  readonly started_at: string;
  /** When it ended; null in an update, required in a final. */
  readonly ended_at: string | null;
  /** Audible time: no pauses, no buffering. May exceed the item's duration, after seeking back. */
  readonly ms_played: number;
  readonly ms_paused?: number;
  readonly ms_buffering?: number;
  /** Where in the item it began and ended to sound. */
  readonly position_start_ms?: number | null;
  readonly position_end_ms?: number | null;
  /** Null for a live stream. */
  readonly duration_ms?: number | null;
  readonly livestream?: boolean;
  /** Default `unknown`. */
  readonly content_type?: ContentType;
  readonly item_uri?: string | null;
  readonly title?: string | null;
  readonly artist?: string | null;
  readonly album?: string | null;
  readonly container_type?: string | null;
  readonly container_id?: string | null;
  readonly container_name?: string | null;
  /** The music service, such as `spotify`. */
  readonly service?: string | null;
  /** Default `unknown`. */
  readonly reason_start?: ReasonStart;
  /** Default `unknown` in a final; absent from an update. */
  readonly reason_end?: ReasonEnd;
  /** Default `reported`. */
  readonly reason_basis?: Basis;
  /** Default: whether `reason_end` is fwdbtn, backbtn or clickrow; absent from an update. */
  readonly skipped?: boolean;
  readonly shuffle?: boolean;
  readonly repeat?: "off" | "one" | "all";
  readonly offline?: boolean;
  readonly source_type?: SourceType;
  readonly player_id?: string;
  readonly group_id?: string | null;
  readonly household_id?: string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const uuid: Check = (value) =>
  typeof value === "string" && UUID.test(value) ? undefined : "a UUID in lower case";

const FIELDS: Readonly<Record<string, Field>> = {
  play_id: { check: uuid },
  report_type: { check: oneOf(["update", "final"]) },
  started_at: { check: instant, required: true },
  ended_at: { check: orNull(instant), required: true },
  ms_played: { check: milliseconds, required: true },
  ms_paused: { check: milliseconds },
  ms_buffering: { check: milliseconds },
  position_start_ms: { check: orNull(milliseconds) },
  position_end_ms: { check: orNull(milliseconds) },
  duration_ms: { check: orNull(milliseconds) },
  livestream: { check: flag },
  content_type: { check: oneOf(CONTENT_TYPES) },
  item_uri: { check: orNull(text()) },
  title: { check: orNull(text()) },
  artist: { check: orNull(text()) },
  album: { check: orNull(text()) },
  container_type: { check: orNull(text(64)) },
  container_id: { check: orNull(text()) },
  container_name: { check: orNull(text()) },
  service: { check: orNull(text(64)) },
  reason_start: { check: oneOf(REASONS_START) },
  reason_end: { check: oneOf(REASONS_END) },
  reason_basis: { check: oneOf(["reported", "inferred"]) },
  skipped: { check: flag },
  shuffle: { check: flag },
  repeat: { check: oneOf(["off", "one", "all"]) },
  offline: { check: flag },
  source_type: { check: oneOf(SOURCE_TYPES) },
  player_id: { check: text(128) },
  group_id: { check: orNull(text(128)) },
  household_id: { check: orNull(text(128)) },
};

const SKIPS: readonly string[] = ["fwdbtn", "backbtn", "clickrow"];

/**
 * The event as it enters the stream, defaults filled in.
 * @throws TonearmError `invalid_argument` naming the field at fault and what it should be.
 */
export function completePlay(play: PlayEvent, newId: () => string): Record<string, unknown> {
  checkFields("play", play, FIELDS);
  const { play_id = newId(), report_type = "final" } = play;
  const common = {
    play_id,
    report_type,
    content_type: "unknown",
    reason_start: "unknown",
    reason_basis: "reported",
  };
  if (report_type === "update") {
    checkFields("play", play, { ended_at: { check: isNull, required: true } });
    return { ...common, ...play, play_id, report_type };
  }
  checkFields("play", play, { ended_at: { check: instant, required: true } });
  const { reason_end = "unknown" } = play;
  return { ...common, reason_end, skipped: SKIPS.includes(reason_end), ...play, play_id, report_type };
}

const isNull: Check = (value) => (value === null ? undefined : "null in an update");
