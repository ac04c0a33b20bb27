import { pino } from "pino";

/** Where the relay says what an operator should know. One line of JSON each; never bytes that a sender chose. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export const LOG_LEVELS = ["info", "warn", "error", "silent"] as const;

/** What is less than the level is not said. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log whose level can be changed while it is in use. */
export interface JsonLog extends Log {
  setLevel(level: LogLevel): void;
}

/**
 * A log of lines of JSON: `time`, `level` and `message` with their fields.
 * @param write takes one line, without its newline, and has written it when it returns: the last words of a process count.
 * @param everywhere fields that every line has, such as the number of a worker.
 */
export function jsonLog(
  write: (line: string) => void,
  wallMs: () => number,
  level: LogLevel = "info",
  everywhere: LogFields | null = null,
): JsonLog {
  const logger = pino(
    {
      level,
      base: everywhere,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date(wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    setLevel: (next) => {
      logger.level = next;
    },
  };
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
