import { type Catalogue, TRACKS, type TrackKey } from "./catalogue.ts";
import type { Curve } from "./distributions.ts";
import type { Random } from "./random.ts";

/** What people put on: one track of a list, several of one artist, or an album from some track on. */
export type SpellKind = "single" | "artist" | "album";

/** How somebody chooses. */
export interface Choices {
  /** Ranks of artists, the favourite being 0, as often as they are played. */
  readonly artistRank: Curve;
  /** Tracks known of the favourite artist; the number falls to half of it at about `knownHalfRank`. */
  readonly knownTracks: number;
  readonly knownHalfRank: number;
  /** Above 1, some of an artist's known tracks are favoured over others. */
  readonly favourExponent: number;
  readonly spells: Readonly<Record<SpellKind, number>>;
  /** Plays in a spell that is not single, on average. */
  readonly spellPlaysMean: number;
  /** Share of plays that are the one before once more. */
  readonly againShare: number;
  /** Share of beginnings that return to something heard lately: people have phases. */
  readonly recallShare: number;
}

interface Heard {
  readonly key: TrackKey;
  readonly rank: number;
}

export interface Choice {
  readonly key: TrackKey;
  readonly spell: SpellKind;
  /** The same item once more. */
  readonly isAgain: boolean;
}

/** Plays that are remembered, to return to. */
const MEMORY = 256;

/** Albums are put on of artists of whom one knows at least so many tracks. */
const KNOWN_FOR_ALBUM = 6;

/** One listener's favourites, and what comes next. */
export class Taste {
  readonly #catalogue: Catalogue;
  readonly #choices: Choices;
  readonly #personal: Random;
  readonly #random: Random;
  /** The latest tracks, written over in turn. */
  readonly #memory: Heard[] = [];
  #count = 0;
  #last: Choice | undefined;
  #rank = 0;

  constructor(catalogue: Catalogue, choices: Choices, random: Random) {
    this.#catalogue = catalogue;
    this.#choices = choices;
    this.#personal = random.fork("favourites");
    this.#random = random.fork("choice");
  }

  next(): Choice {
    this.#last = this.#again() ?? this.#goOn() ?? this.#recall() ?? this.#begin();
    this.#memory[this.#count++ % MEMORY] = { key: this.#last.key, rank: this.#rank };
    return this.#last;
  }

  #again(): Choice | undefined {
    if (!this.#last || !this.#random.chance(this.#choices.againShare)) return undefined;
    return { ...this.#last, isAgain: true };
  }

  /** Spells end by chance, so that their lengths spread as widely as the measured ones. */
  #goOn(): Choice | undefined {
    if (!this.#last || this.#last.spell === "single") return undefined;
    if (this.#random.chance(1 / this.#choices.spellPlaysMean)) return undefined;
    const { key, spell } = this.#last;
    const next = spell === "album" ? this.#catalogue.nextOnAlbum(key) : this.#trackBy(key.artist);
    return next && { key: next, spell, isAgain: false };
  }

  /** Something heard lately, but not just now: two plays ago as likely as three or four, five to eight … */
  #recall(): Choice | undefined {
    if (!this.#random.chance(this.#choices.recallShare)) return undefined;
    const ago = 1 + Math.floor((MEMORY - 1) ** this.#random.fraction());
    const heard = ago <= this.#count ? this.#memory[(this.#count - ago) % MEMORY] : undefined;
    if (!heard) return undefined;
    this.#rank = heard.rank;
    return { key: heard.key, spell: this.#spell(), isAgain: false };
  }

  #begin(): Choice {
    this.#rank = Math.floor(this.#choices.artistRank.draw(this.#random));
    const key = this.#trackBy(this.#catalogue.drawArtist(this.#personal.fork(`artist ${this.#rank}`)));
    const spell = this.#spell();
    const isFromFirst = spell === "album" && this.#random.chance(0.5);
    return { key: isFromFirst ? this.#catalogue.firstOfAlbum(key) : key, spell, isAgain: false };
  }

  #spell(): SpellKind {
    const spell = this.#random.weighted(this.#choices.spells);
    return this.#known() < KNOWN_FOR_ALBUM ? "single" : spell;
  }

  /** A known track. Everybody knows others, so places in the personal order are dealt to an artist's tracks. */
  #trackBy(artist: number): TrackKey {
    const order = this.#personal.fork(`tracks ${artist}`);
    const [step, offset] = [order.integer(1, TRACKS - 1), order.integer(0, TRACKS - 1)];
    const place = Math.floor(this.#known() * this.#random.fraction() ** this.#choices.favourExponent);
    return { artist, track: (offset + step * place) % TRACKS };
  }

  /** How many tracks of the artist in hand are known: the more of a favourite, the more. */
  #known(): number {
    const { knownTracks, knownHalfRank } = this.#choices;
    return Math.max(1, Math.round(knownTracks * (1 + this.#rank / knownHalfRank) ** -1.2));
  }
}
