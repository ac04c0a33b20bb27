import type { Clock } from "../clock.ts";
import { joined, type Known, knownOf } from "./reasons.ts";
import type { Because, Sighting } from "./sighting.ts";

/** What was said of a change holds for a change that comes so soon. */
const SAID_MS = 3_000;

/** What the application said of the change that it is about to make. */
export class Said {
  readonly #clock: Clock;
  #said: { readonly known: Known; readonly untilMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(because: Because): void {
    this.#said = {
      known: { ...this.#still, ...knownOf(because) },
      untilMs: this.#clock.monotonicMs() + SAID_MS,
    };
  }

  /** What is known of a change: from the player with the sighting, or from the application before it. */
  with({ because = {} }: Sighting): Known {
    return joined(this.#still, knownOf(because));
  }

  clear(): void {
    this.#said = undefined;
  }

  get #still(): Known {
    return this.#said && this.#said.untilMs >= this.#clock.monotonicMs() ? this.#said.known : {};
  }
}
