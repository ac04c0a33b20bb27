import type { Curve } from "./distributions.ts";
import { albumTitle, artistName, stationName, trackTitle } from "./names.ts";
import type { Random } from "./random.ts";

/** Artists that exist; what one speaker hears, another may hear too. */
const ARTISTS = 20_000;
const STATIONS = 200;

/** Tracks of every artist. A prime, so that any step walks through all of them. */
export const TRACKS = 83;

/** A track, named by its artist's number and its own. */
export interface TrackKey {
  readonly artist: number;
  /** 0 to TRACKS - 1; neighbours stand beside each other on an album. */
  readonly track: number;
}

export interface Track {
  readonly uri: string;
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  readonly albumId: string;
  readonly durationMs: number;
}

export interface Station {
  readonly id: string;
  readonly name: string;
}

/** What differs between the catalogues of different kinds of listeners. */
export interface CatalogueStyle {
  readonly durationSeconds: Curve;
  /** Share of tracks with a letter beyond ASCII in title or artist. */
  readonly beyondAsciiShare: number;
}

/** Everything there is to hear, made up from a seed when it is asked for: it takes no memory. */
export class Catalogue {
  readonly #random: Random;
  readonly #style: CatalogueStyle;

  constructor(random: Random, style: CatalogueStyle) {
    this.#random = random;
    this.#style = style;
  }

  drawArtist(random: Random): number {
    return random.integer(0, ARTISTS - 1);
  }

  drawStation(random: Random): Station {
    const number = random.integer(0, STATIONS - 1);
    return { id: `station-${number}`, name: stationName(this.#random.fork(`station ${number}`)) };
  }

  track(key: TrackKey): Track {
    const { beyondAsciiShare, durationSeconds } = this.#style;
    const artist = this.#random.fork(`artist ${key.artist}`);
    const album = this.#albumOf(key);
    const random = artist.fork(`track ${key.track}`);
    return {
      uri: `streamer:track:${token(random)}`,
      title: trackTitle(random, beyondAsciiShare * 0.75),
      artist: artistName(artist.fork("name"), beyondAsciiShare * 0.25),
      album: albumTitle(artist.fork(`album ${album}`)),
      albumId: `streamer:album:${token(artist.fork(`album id ${album}`))}`,
      durationMs: Math.round(durationSeconds.draw(random) * 1_000),
    };
  }

  /** The tracks of an album have neighbouring numbers. */
  firstOfAlbum(key: TrackKey): TrackKey {
    return { artist: key.artist, track: this.#albumOf(key) * this.#albumSize(key.artist) };
  }

  /** The track after this one on the same album, if there is one. */
  nextOnAlbum(key: TrackKey): TrackKey | undefined {
    const next = { artist: key.artist, track: key.track + 1 };
    return next.track < TRACKS && this.#albumOf(next) === this.#albumOf(key) ? next : undefined;
  }

  #albumOf({ artist, track }: TrackKey): number {
    return Math.floor(track / this.#albumSize(artist));
  }

  #albumSize(artist: number): number {
    return this.#random.fork(`artist ${artist}`).fork("album size").integer(8, 14);
  }
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** As long as the ids of real services: what a batch weighs depends on them. */
function token(random: Random): string {
  let text = "";
  for (let i = 0; i < 22; i++) text += BASE62[random.integer(0, 61)];
  return text;
}
