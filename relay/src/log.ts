/** Where the relay says what an operator should know. One line of JSON each; never bytes that a sender chose. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A log of lines of JSON. */
export function jsonLog(write: (line: string) => void, wallMs: () => number): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      write(JSON.stringify({ time: new Date(wallMs()).toISOString(), level, message, ...fields }));
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** Tells of a lasting trouble once in a while instead of every time. */
export class Throttled {
  readonly #intervalMs: number;
  readonly #monotonicMs: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #suppressed = 0;

  constructor(intervalMs: number, monotonicMs: () => number) {
    this.#intervalMs = intervalMs;
    this.#monotonicMs = monotonicMs;
  }

  /** Calls `tell` with how often it was kept quiet since the last time. */
  run(tell: (suppressed: number) => void): void {
    const now = this.#monotonicMs();
    if (now - this.#lastMs < this.#intervalMs) {
      this.#suppressed++;
      return;
    }
    this.#lastMs = now;
    tell(this.#suppressed);
    this.#suppressed = 0;
  }
}
