import type { Random } from "./random.ts";
import { BANDS, BEYOND_ASCII, FIRST_WORDS, SECOND_WORDS, SYLLABLES } from "./words.ts";

/** An invented artist, such as "Belmora Kelvi" or "The Silent Ferry". */
export function artistName(random: Random, beyondAsciiShare: number): string {
  if (random.chance(beyondAsciiShare)) return `${random.pick(BEYOND_ASCII)} ${random.pick(BANDS)}`;
  const form = random.weighted({ person: 5, single: 3, the: 2, band: 2, pair: 0.2 });
  if (form === "person") return `${madeUp(random, 2)} ${madeUp(random, 3)}`;
  if (form === "single") return madeUp(random, 3);
  if (form === "the") return `The ${random.pick(FIRST_WORDS)} ${random.pick(SECOND_WORDS)}`;
  if (form === "band") return `${random.pick(SECOND_WORDS)} ${random.pick(BANDS)}`;
  return `${madeUp(random, 3)}, ${madeUp(random, 2)} & ${madeUp(random, 2)}`;
}

/** An invented title; some have commas and quotes, and some are long, as real ones are. */
export function trackTitle(random: Random, beyondAsciiShare: number): string {
  return words(random, beyondAsciiShare) + suffix(random);
}

export function albumTitle(random: Random): string {
  return words(random, 0) + (random.chance(0.12) ? " (Deluxe Edition)" : "");
}

export function stationName(random: Random): string {
  return `${random.pick(["Radio", "FM", "Sound of"])} ${madeUp(random, 2)} ${random.integer(1, 9)}`;
}

function words(random: Random, beyondAsciiShare: number): string {
  if (random.chance(beyondAsciiShare)) return random.pick(BEYOND_ASCII);
  const form = random.weighted({ one: 5, two: 6, three: 1.1, comma: 0.15, quote: 0.1, long: 0.1 });
  const [first, second] = [random.pick(FIRST_WORDS), random.pick(SECOND_WORDS)];
  if (form === "one") return second;
  if (form === "two") return `${first} ${second}`;
  if (form === "three") return `${second} of the ${first} ${random.pick(SECOND_WORDS)}`;
  if (form === "comma") return `${second}, ${random.pick(SECOND_WORDS)}, ${random.pick(SECOND_WORDS)}`;
  if (form === "quote") return `The "${first}" ${second}`;
  return Array.from({ length: random.integer(6, 16) }, () => random.pick(SECOND_WORDS)).join(" ");
}

function suffix(random: Random): string {
  const form = random.weighted({ none: 87, feat: 7, remaster: 2, live: 2, part: 2 });
  if (form === "feat") return ` (feat. ${madeUp(random, 2)} ${madeUp(random, 2)})`;
  if (form === "remaster") return ` - ${random.integer(1990, 2025)} Remaster`;
  if (form === "live") return ` - Live at ${random.pick(FIRST_WORDS)} ${random.pick(SECOND_WORDS)}`;
  return form === "part" ? ` Pt. ${random.integer(1, 4)}` : "";
}

function madeUp(random: Random, syllables: number): string {
  const word = Array.from({ length: syllables }, () => random.pick(SYLLABLES)).join("");
  return word.charAt(0).toUpperCase() + word.slice(1);
}
