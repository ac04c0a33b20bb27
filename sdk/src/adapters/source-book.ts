import type { Clock } from "../clock.ts";
import type { Source, SourceEvent } from "../vocabulary/source.ts";
import { instantOf } from "./open-play.ts";
import type { Known } from "./reasons.ts";
import type { Item } from "./sighting.ts";

/** What a player takes its sound from. */
export class SourceBook {
  readonly #clock: Clock;
  #source: Source = { source_type: "idle", service: null };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get source(): Source {
    return this.#source;
  }

  /** @returns what the stream is told of this; undefined when it is the same source, and the same group. */
  change(to: Source, more: Partial<SourceEvent>): Omit<SourceEvent, "player_id"> | undefined {
    const from = this.#source;
    const isSame = from.source_type === to.source_type && (from.service ?? null) === (to.service ?? null);
    if (isSame && (more.group_change ?? "none") === "none") return undefined;
    this.#source = to;
    return { occurred_at: instantOf(this.#clock.wallMs()), from, to, trigger_basis: "inferred", ...more };
  }
}

/** The source of an item, and what else is known of the change to it. @param at when it changed. Default: now. */
export function sourceOf(
  { words, evidence = null }: Item,
  { trigger }: Known = {},
  at?: string,
): readonly [Source, Partial<SourceEvent>] {
  const { source_type = "unknown", service = null } = words;
  const said = trigger && { trigger: trigger.word, trigger_basis: trigger.basis };
  return [
    { source_type, service },
    { evidence, ...said, ...(at !== undefined && { occurred_at: at }) },
  ];
}
