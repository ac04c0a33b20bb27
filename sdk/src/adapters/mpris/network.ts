import { StationName } from "../station-name.ts";

/** A first length that is told late, and is shorter, is what a player has of a station by then. */
const LATE_LENGTH_MIN_MS = 30_000;
/** A length that changes by more is none: a station's grows. */
const SAME_LENGTH_MS = 500;

/** What is known of something from the network. */
export interface NetworkItem {
  /** `open`: no length that can be believed is told yet. */
  readonly kind: "file" | "station" | "open";
  /** Null unless it is a file. */
  readonly durationMs: number | null;
  /** Its name if it is a station, as far as it can be told from its songs. */
  readonly name: string | null;
}

/**
 * Tells stations from files on the network by what their lengths do: a file may have it late, and a station may have one, too: some
 * players tell how much of it they have got, and more of it every second.
 */
export class NetworkItems {
  #key = "";
  #kind: NetworkItem["kind"] = "open";
  #lengthMs: number | null = null;
  readonly #name = new StationName();

  look(key: string, lengthMs: number | null, title: string | null, artist: string | null): NetworkItem {
    if (key !== this.#key) {
      this.#key = key;
      this.#kind = lengthMs === null ? "open" : "file";
      this.#lengthMs = lengthMs;
    } else if (lengthMs !== null) {
      if (this.#lengthMs !== null && Math.abs(lengthMs - this.#lengthMs) > SAME_LENGTH_MS)
        this.#kind = "station";
      else if (this.#lengthMs === null && lengthMs >= LATE_LENGTH_MIN_MS) this.#kind = "file";
      this.#lengthMs = lengthMs;
    }
    return {
      kind: this.#kind,
      durationMs: this.#kind === "file" ? this.#lengthMs : null,
      name: this.#name.look(key, title, artist),
    };
  }
}
