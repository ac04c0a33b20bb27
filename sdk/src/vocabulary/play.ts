import type { EventData } from "../event.ts";
import type { StandardSchema } from "../standard-schema.ts";
import { faultIn, schemaOf, table, type WordOf } from "./fields.ts";

const CONTENT_TYPES = "track episode audiobook_chapter station advertisement unknown";
const REASONS_START =
  "trackdone clickrow playbtn fwdbtn backbtn appload remote trackerror autoplay source_switch resume alarm unknown";
const REASONS_END =
  "trackdone fwdbtn backbtn clickrow endplay logout remote trackerror unexpected-exit unexpected-exit-while-paused source_switch group_change unknown";
export const SOURCE_TYPES =
  "queue radio line_in tv airplay spotify_connect bluetooth google_cast group_follower alarm announcement idle unknown";
export const BASES = "reported inferred";

export type ContentType = WordOf<typeof CONTENT_TYPES>;
export type ReasonStart = WordOf<typeof REASONS_START>;
export type ReasonEnd = WordOf<typeof REASONS_END>;
export type SourceType = WordOf<typeof SOURCE_TYPES>;
/** Whether a player said so, or an adapter concluded it. */
export type Basis = WordOf<typeof BASES>;

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

const FIELDS = /* @__PURE__ */ table(() => ({
  uuid: "play_id",
  "update final": "report_type",
  "instant!": "started_at",
  "ms!": "ms_played",
  ms: "ms_paused ms_buffering",
  "ms?": "position_start_ms position_end_ms duration_ms",
  flag: "livestream skipped shuffle offline",
  [CONTENT_TYPES]: "content_type",
  "1024?": "item_uri title artist album container_id container_name",
  "64?": "container_type service",
  [REASONS_START]: "reason_start",
  [REASONS_END]: "reason_end",
  [BASES]: "reason_basis",
  "off one all": "repeat",
  [SOURCE_TYPES]: "source_type",
  "128": "player_id",
  "128?": "group_id household_id",
}));
const FINAL = /* @__PURE__ */ table(() => ({ "instant!": "ended_at" }));
const UPDATE = /* @__PURE__ */ table(() => ({ "null!": "ended_at" }));

/**
 * Checks a play and fills in its defaults, all but `play_id`: that takes time and chance, which an instance has.
 */
export const playSchema: StandardSchema<PlayEvent, EventData> = /* @__PURE__ */ schemaOf((play) => {
  const { report_type = "final", reason_end = "unknown" } = play;
  const update = report_type === "update";
  const atTheEnd = update ? {} : { reason_end, skipped: /^(fwdbtn|backbtn|clickrow)$/.test(reason_end) };
  return (
    faultIn(FIELDS, play) ??
    faultIn(update ? UPDATE : FINAL, play) ?? {
      value: {
        content_type: "unknown",
        reason_start: "unknown",
        reason_basis: "reported",
        ...atTheEnd,
        ...play,
        report_type,
      },
    }
  );
});
