import type { ItemWords } from "./sighting.ts";

/** Most characters of each text, as the vocabulary takes them. */
const CHARACTERS_MAX: Readonly<Partial<Record<keyof ItemWords, number>>> = {
  item_uri: 1_024,
  title: 1_024,
  artist: 1_024,
  album: 1_024,
  container_id: 1_024,
  container_name: 1_024,
  container_type: 64,
  service: 64,
};

/** What people read; a URI among them is none of it. */
const READ: ReadonlySet<string> = new Set([
  "title",
  "artist",
  "album",
  "container_name",
] satisfies (keyof ItemWords)[]);

/** Whole URIs and pieces of them, addresses, paths and tokens, wherever they stand in a text. "Re:Definition" is none. */
const URIS = [
  /\w:\/\//,
  /^[a-z][a-z0-9+.-]*:\S*[?&=%]/i,
  /^(x-[\w-]+|hls-radio|spotify|file):\S/i,
  /\S[?&][\w.-]+=|\b(token|sid|jsessionid)=/i,
  /\beyJ[\w-]{6,}\./,
  /%(2f|3a|3d|40)/i,
  // A user, an address, a host with its port or with a path.
  /\w@[\w-]+(\.|:\d)/,
  /\S:\S+@\w/,
  /(^|[^\w.])\d{1,3}(\.\d{1,3}){3}($|[^\w.])/,
  /\[[\da-f]*:[\da-f:.]+\]/i,
  /(^|\s)[\da-f]{1,4}(:[\da-f]{1,4})*::[\da-f]/i,
  /(^|\s)([\da-f]{2}:){5}[\da-f]{2}($|\s)/i,
  /\w:\d{1,5}\/\S/,
  /(^|\s)[\w-]+\.[\w.-]*[a-z]{2}:\d{2,5}\b/i,
  /\bwww\.[\w-]+\.\w/i,
  /^[\w-]+(\.[\w-]+)*\.[a-z]{2,}\/\S*$/i,
  // A file's path.
  /^~?\/[^/]+\//,
  /^~\/\S/,
  /^([a-z]+:)?\\\S/i,
  /^[a-z]:\/\S/i,
];

/** A text for people that is a URI, as a station without a name has it, is none: it may hold a token. */
export function wordOf(text: unknown): string | null {
  if (typeof text !== "string" && typeof text !== "number") return null;
  const word = cut(String(text), CHARACTERS_MAX.title!);
  return word === "" || URIS.some((uri) => uri.test(word)) ? null : word;
}

/**
 * The id of a player or a group, as a household gives them ("RINCON_…:63"): 1 to 128 letters, digits and marks. Null where it is none, or
 * an address.
 */
export const idOf = (value: unknown): string | null =>
  typeof value === "string" && /^[\w:.-]{1,128}$/.test(value) ? wordOf(value) : null;

/** The words as they may be told: no text longer than the vocabulary takes, null in the place of empty ones, of URIs and of what is no text. */
export function clipped(words: ItemWords): ItemWords {
  const entries = Object.entries(words).map(([name, value]) => {
    const max = CHARACTERS_MAX[name as keyof ItemWords];
    if (max === undefined) return [name, value];
    if (READ.has(name)) return [name, wordOf(value)];
    return [name, typeof value !== "string" || value === "" ? null : cut(value, max)];
  });
  return Object.fromEntries(entries) as ItemWords;
}

/** Not in the middle of a character: half of a pair is no text. */
const cut = (text: string, max: number): string =>
  text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");

/**
 * The scheme of a URI, in lower case; null where there is none. It is all of a URI that may be told. What stands before the colon
 * of "anna:…" or "example.com:8000" is none.
 */
export function schemeOf(uri: string): string | null {
  const [, far, near] =
    /^(?:([a-z][a-z0-9+-]{0,63}):\/\/|(x-[a-z0-9+-]{1,62}|aac|alsa|blob|cdda|data|file|hls-radio|spotify):)/i.exec(
      uri,
    ) ?? [];
  return (far ?? near)?.toLowerCase() ?? null;
}
