import { TonearmError } from "../errors.ts";
import { checkFields, type Field, instant, inWords, listOf, oneOf, orNull, text } from "./check.ts";
import { type Basis, SOURCE_TYPES, type SourceType } from "./play.ts";

const TRIGGERS = [
  "user_app",
  "user_device",
  "voice",
  "remote_app",
  "auto",
  "group_join",
  "group_leave",
  "alarm",
  "system",
  "unknown",
] as const;
const GROUP_CHANGES = ["joined", "left", "coordinator_changed", "none"] as const;

export type Trigger = (typeof TRIGGERS)[number];
export type GroupChange = (typeof GROUP_CHANGES)[number];

/** What a player takes its sound from. */
export interface Source {
  readonly source_type: SourceType;
  readonly service?: string | null;
}

/** A player changed its source, or its group. */
export interface SourceEvent {
  /** RFC 3339, UTC. */
  readonly occurred_at: string;
  readonly player_id: string;
  readonly group_id?: string | null;
  readonly household_id?: string | null;
  readonly from: Source;
  readonly to: Source;
  /** Default `unknown`. */
  readonly trigger?: Trigger;
  /** Default `reported`. */
  readonly trigger_basis?: Basis;
  readonly coordinator_id?: string | null;
  readonly member_ids?: readonly string[];
  /** Default `none`. */
  readonly group_change?: GroupChange;
  /** A URI's scheme or a protocol's code; never a whole URI, which may hold names and tokens. */
  readonly evidence?: string | null;
}

const FIELDS: Readonly<Record<string, Field>> = {
  occurred_at: { check: instant, required: true },
  player_id: { check: text(128), required: true },
  group_id: { check: orNull(text(128)) },
  household_id: { check: orNull(text(128)) },
  trigger: { check: oneOf(TRIGGERS) },
  trigger_basis: { check: oneOf(["reported", "inferred"]) },
  coordinator_id: { check: orNull(text(128)) },
  member_ids: { check: listOf(text(128), 64) },
  group_change: { check: oneOf(GROUP_CHANGES) },
  evidence: { check: orNull(text(64)) },
};

const SOURCE_FIELDS: Readonly<Record<string, Field>> = {
  source_type: { check: oneOf(SOURCE_TYPES), required: true },
  service: { check: orNull(text(64)) },
};

/**
 * The event as it enters the stream, defaults filled in.
 * @throws TonearmError `invalid_argument` naming the field at fault and what it should be.
 */
export function completeSource(source: SourceEvent): Record<string, unknown> {
  checkFields("source", source, FIELDS);
  const from = completeSide("source.from", source.from);
  const to = completeSide("source.to", source.to);
  const defaults = { trigger: "unknown", trigger_basis: "reported", group_change: "none" };
  return { ...defaults, ...source, from, to };
}

function completeSide(path: string, side: unknown): object {
  if (typeof side !== "object" || side === null) {
    throw new TonearmError(
      "invalid_argument",
      `${path} is ${inWords(side)}, expected an object with source_type`,
    );
  }
  checkFields(path, side, SOURCE_FIELDS);
  return { service: null, ...side };
}
