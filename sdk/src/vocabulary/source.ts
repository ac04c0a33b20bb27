import type { EventData } from "../event.ts";
import type { SchemaFailure, StandardSchema } from "../standard-schema.ts";
import { failure, faultIn, schemaOf, table, type WordOf } from "./fields.ts";
import { BASES, type Basis, SOURCE_TYPES, type SourceType } from "./play.ts";

const TRIGGERS = "user_app user_device voice remote_app auto group_join group_leave alarm system unknown";
const GROUP_CHANGES = "joined left coordinator_changed none";

export type Trigger = WordOf<typeof TRIGGERS>;
export type GroupChange = WordOf<typeof GROUP_CHANGES>;

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

const FIELDS = /* @__PURE__ */ table(() => ({
  "instant!": "occurred_at",
  "128!": "player_id",
  "128?": "group_id household_id coordinator_id",
  [TRIGGERS]: "trigger",
  [BASES]: "trigger_basis",
  ids: "member_ids",
  [GROUP_CHANGES]: "group_change",
  "64?": "evidence",
}));
const SIDE = /* @__PURE__ */ table(() => ({ [`${SOURCE_TYPES}!`]: "source_type", "64?": "service" }));

/** Checks a source event and fills in its defaults. */
export const sourceSchema: StandardSchema<SourceEvent, EventData> = /* @__PURE__ */ schemaOf(
  (source) =>
    faultIn(FIELDS, source) ??
    faultOfSide("from", source.from) ??
    faultOfSide("to", source.to) ?? {
      value: {
        trigger: "unknown",
        trigger_basis: "reported",
        group_change: "none",
        ...source,
        from: { service: null, ...source.from },
        to: { service: null, ...source.to },
      },
    },
);

const faultOfSide = (name: string, side: unknown): SchemaFailure | undefined =>
  typeof side === "object" && side !== null
    ? faultIn(SIDE, side, name)
    : failure([name], side, "an object with source_type");
