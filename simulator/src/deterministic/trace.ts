import { createHash, type Hash } from "node:crypto";
import type { Agenda } from "./agenda.ts";

/** Lines kept for who wants to know what led to a violation. */
const TAIL_LINES = 60;
const CHUNK_CHARS = 16_384;

/** Everything that happened, line by line: its hash, its end, and all of it for who asked for it. */
export class Trace {
  /** Lines so far. */
  lines = 0;
  readonly #agenda: Agenda;
  readonly #write: ((lines: string) => void) | undefined;
  readonly #hash: Hash = createHash("sha256");
  readonly #tail: string[] = [];
  #chunk = "";

  /** @param write takes the whole trace, many lines at a time. */
  constructor(agenda: Agenda, write?: (lines: string) => void) {
    this.#agenda = agenda;
    this.#write = write;
  }

  get nowMs(): number {
    return this.#agenda.nowMs;
  }

  get steps(): number {
    return this.#agenda.steps;
  }

  /** Takes note of what `who` did, or what was done to it. */
  say(who: string, what: string): void {
    const line = `${this.#agenda.steps} ${this.#agenda.nowMs} ${who} ${what}\n`;
    this.#tail[this.lines++ % TAIL_LINES] = line;
    this.#chunk += line;
    if (this.#chunk.length > CHUNK_CHARS) this.#flush();
  }

  /** The last lines, oldest first. */
  tail(): string {
    const from = this.lines % TAIL_LINES;
    return [...this.#tail.slice(from), ...this.#tail.slice(0, from)].join("");
  }

  /** Ends the trace. */
  sha256(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#chunk);
    this.#write?.(this.#chunk);
    this.#chunk = "";
  }
}
