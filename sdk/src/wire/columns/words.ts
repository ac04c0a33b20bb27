/**
 * What both ends of a batch by columns know already, so that a byte says it: names and values of the vocabulary of plays and
 * sources. `docs/protocol.md` has the lists, and they stay as they are: what is added stands behind, where there is room.
 */

/** Names of fields, numbered from 1. */
export const COLUMN_NAMES: readonly string[] = (
  "play_id report_type started_at ended_at ms_played ms_paused ms_buffering position_start_ms position_end_ms duration_ms " +
  "livestream content_type item_uri title artist album container_type container_id container_name service reason_start " +
  "reason_end reason_basis skipped shuffle repeat offline source_type player_id group_id household_id occurred_at trigger " +
  "trigger_basis coordinator_id member_ids group_change evidence"
).split(" ");

const WORDS = (
  "null true false final update reported inferred unknown track station trackdone clickrow playbtn fwdbtn backbtn remote " +
  "resume autoplay appload endplay logout unexpected-exit source_switch group_change queue radio airplay bluetooth " +
  "spotify_connect group_follower"
).split(" ");

/** Where LF would stand, which ends a line. */
const LINE_FEED = 10;
/** What is no string in JSON. */
const LITERALS = 3;

/** Values as they stand in JSON, by the code of the control character that says them; undefined where none does. */
export const COLUMN_VALUES: readonly (string | undefined)[] = /* @__PURE__ */ [
  undefined,
  ...WORDS.map((word, i) => (i < LITERALS ? word : `"${word}"`)),
].toSpliced(LINE_FEED, 0, undefined);

/** What stands in a shape before a name, before the first and before others. */
const FIRST = '{"';
const OTHER = ',"';
/** Numbers of texts that a shape has between a name's beginning and the value. */
const NUMBERS = /* @__PURE__ */ new Map(COLUMN_NAMES.map((name, i) => [`${name}":`, i + 1]));
const PIECE_BYTES_MAX = 32;

/** The number that stands for a piece of a shape; undefined when none does. */
export function numberOfPiece(piece: Uint8Array, isFirst: boolean): number | undefined {
  if (piece.length > PIECE_BYTES_MAX) return undefined;
  const text = String.fromCharCode(...piece);
  if (text === "}") return 0;
  return text.startsWith(isFirst ? FIRST : OTHER) ? NUMBERS.get(text.slice(2)) : undefined;
}

/** Codes of values and their bytes, by the length of these. */
const BY_LENGTH: readonly (readonly { readonly code: number; readonly bytes: Uint8Array }[])[] =
  /* @__PURE__ */ byLength();

function byLength() {
  const lists: { code: number; bytes: Uint8Array }[][] = [];
  for (const [code, value] of COLUMN_VALUES.entries()) {
    if (value === undefined) continue;
    const list = lists[value.length] ?? [];
    list.push({ code, bytes: new TextEncoder().encode(value) });
    lists[value.length] = list;
  }
  return Array.from(lists, (list) => list ?? []);
}

/** The code of the value that stands in `json` from `from` to `to`; 0 when none says it. */
export function codeOfValue(json: Uint8Array, from: number, to: number): number {
  const list = BY_LENGTH[to - from];
  if (!list) return 0;
  for (const { code, bytes } of list) {
    let i = 0;
    while (i < bytes.length && bytes[i] === json[from + i]) i++;
    if (i === bytes.length) return code;
  }
  return 0;
}
