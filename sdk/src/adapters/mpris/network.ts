/** A first length that is told late, and is shorter, is what a player has of a station by then. */
const LATE_LENGTH_MIN_MS = 30_000;
/** A length that changes by more is none: a station's grows. */
const SAME_LENGTH_MS = 500;

/** What is known of something from the network. */
export interface NetworkItem {
  readonly isStation: boolean;
  /** Null of a station. */
  readonly durationMs: number | null;
  /** Of a station its name, as far as it can be told from its songs. */
  readonly title: string | null;
}

/**
 * Tells stations from files on the network. Players say nothing of it but a length, which a file may have late, and a station, too: some
 * tell how much of it they have got, and more of it every second.
 */
export class NetworkItems {
  #key = "";
  #isStation = false;
  #lengthMs: number | null = null;
  #title: string | null = null;
  #hasSongs = false;

  look(key: string, lengthMs: number | null, title: string | null, artist: string | null): NetworkItem {
    if (key !== this.#key) {
      this.#key = key;
      this.#isStation = lengthMs === null;
      this.#lengthMs = lengthMs;
      this.#title = title;
      this.#hasSongs = false;
    } else if (lengthMs !== null) {
      if (this.#lengthMs === null) this.#isStation &&= lengthMs < LATE_LENGTH_MIN_MS;
      else this.#isStation ||= Math.abs(lengthMs - this.#lengthMs) > SAME_LENGTH_MS;
      this.#lengthMs = lengthMs;
    }
    if (!this.#isStation) return { isStation: false, durationMs: this.#lengthMs, title };
    // What has an artist, and what changes, is a song of the station's.
    this.#title ??= title;
    this.#hasSongs ||= artist !== null || title !== this.#title;
    return { isStation: true, durationMs: null, title: this.#hasSongs ? null : this.#title };
  }
}
