import { readFileSync } from "node:fs";

interface Action {
  readonly t_ms?: number;
  readonly t?: number;
  readonly action: string;
}

/**
 * What a player was asked to do while it was recorded, and when: the ground truth, which owes nothing to what the player said.
 * Actions are named by their place in the file and a word that is in them.
 */
export class Actions {
  readonly #actions: readonly Action[];

  /** @param path of the file. */
  constructor(path: string) {
    const lines = readFileSync(path, "utf8").trim().split("\n");
    this.#actions = lines.map((line) => JSON.parse(line) as Action);
  }

  /** How long it was from one action to another, in ms. */
  between([from, fromWord]: Named, [to, toWord]: Named): number {
    return this.#at(to, toWord) - this.#at(from, fromWord);
  }

  #at(place: number, word: string): number {
    const action = this.#actions[place];
    if (!action?.action.includes(word)) throw new Error(`action ${place} is no ${word}`);
    return action.t_ms ?? action.t ?? 0;
  }
}

type Named = readonly [place: number, word: string];
