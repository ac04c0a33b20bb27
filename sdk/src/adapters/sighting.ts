import type { Basis, PlayEvent, ReasonEnd, ReasonStart } from "../vocabulary/play.ts";
import type { Trigger } from "../vocabulary/source.ts";

/** What the stream is told of an item; never anything that names a person, an address or a token. */
export type ItemWords = Pick<
  PlayEvent,
  | "content_type"
  | "item_uri"
  | "title"
  | "artist"
  | "album"
  | "container_type"
  | "container_id"
  | "container_name"
  | "service"
  | "source_type"
>;

/** What is on, as a player tells it. */
export interface Item {
  /** Tells it from the one before it and the one after it, within one player. It never leaves the tracker. */
  readonly key: string;
  /** Null for a live stream, and where the player does not tell. */
  readonly durationMs: number | null;
  /** Default false. */
  readonly livestream?: boolean;
  /** Where it stands in the queue, from 0 on; it tells a step from a jump. */
  readonly place?: number | undefined;
  /** Where the item stands that the player would play next, if it tells. Default: `place` + 1. */
  readonly nextPlace?: number | undefined;
  /** The key of the item that the player would play next, if it tells. */
  readonly nextKey?: string | undefined;
  readonly words: ItemWords;
  /**
   * Its words if it is a live stream, from an adapter that cannot know: without a length it may be one, or a file whose length
   * comes late. Whether it is, the tracker decides (live.ts), and `livestream` is left out. Default: what the adapter says is so.
   */
  readonly ifLive?: ItemWords | undefined;
  /** The scheme or code that `words.source_type` was told by. */
  readonly evidence?: string | null;
}

/** What a player or its application said of a change, and who says so. */
export interface Because {
  readonly end?: ReasonEnd;
  readonly start?: ReasonStart;
  /** Why the source changed, if it did. */
  readonly trigger?: Trigger;
  /** Default `reported`. */
  readonly basis?: Basis;
}

/** What an adapter sees of its player at this moment. */
export interface Sighting {
  /** `buffering`: it would sound if it could. `stopped`: nothing is on that could go on. */
  readonly state: "playing" | "buffering" | "paused" | "stopped";
  readonly item: Item | null;
  /** Where in the item it is, in ms. Where it is missing the clock tells. */
  readonly positionMs?: number | undefined;
  /** How many ms of the item pass in one ms, up to 1,000; at 0 it is paused, below 0 it is played backwards. Default 1. */
  readonly rate?: number;
  /**
   * Whether nobody has done anything to it since it was last seen: a position that is behind the clock's was not sought then, the
   * item stood still meanwhile. Default false.
   */
  readonly isUntouched?: boolean;
  /** Where in the item its play began, in ms, if that is known only now; it is taken once. */
  readonly beganMs?: number | undefined;
  /** How long it has been sounding already, if an adapter is only now sure of it. Default 0. */
  readonly soundedMs?: number;
  /** An item may end so much before its end, because the next one is faded in. Default 0. */
  readonly crossfadeMs?: number;
  readonly shuffle?: boolean | undefined;
  readonly repeat?: PlayEvent["repeat"] | undefined;
  /** Whether an item that is at its beginning again may be repeated. Default: unless `repeat` is off. */
  readonly mayRepeat?: boolean;
  /** Whether the item begins once more, although its key is the same. Default false. */
  readonly isAnew?: boolean;
  readonly because?: Because;
}
