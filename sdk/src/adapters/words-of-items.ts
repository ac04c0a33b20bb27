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

/** The words with no text longer than the vocabulary takes, and null in the place of empty ones. */
export function clipped(words: ItemWords): ItemWords {
  const entries = Object.entries(words).map(([name, value]) => {
    const max = CHARACTERS_MAX[name as keyof ItemWords];
    if (max === undefined || typeof value !== "string") return [name, value];
    return [name, value === "" ? null : value.slice(0, max)];
  });
  return Object.fromEntries(entries) as ItemWords;
}

/** The scheme of a URI, in lower case; null where there is none. It is all of a URI that may be told. */
export function schemeOf(uri: string): string | null {
  return /^([a-z][a-z0-9+.-]{0,63}):/i.exec(uri)?.[1]?.toLowerCase() ?? null;
}
