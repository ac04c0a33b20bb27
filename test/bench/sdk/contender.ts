/** The port to a client that is compared. Each contender lives in its own process, made by `run-contender.ts`. */

/** Fields of one play, as every contender is given them. */
export type Play = Readonly<Record<string, string | number | boolean | null>>;

interface Contender {
  /** The client's own call for one event. */
  record(play: Play): void;
  /** Flushes and closes, as the client's documentation says for the end of a process. */
  finish(): Promise<void>;
}

/** Makes a client with default options that sends to `endpoint`. */
export type StartContender = (endpoint: string, directory: string) => Promise<Contender>;

/** Names that the command knows, in the order of the table. */
export const CONTENDERS = [
  "tonearm",
  "tonearm-memory",
  "opentelemetry",
  "segment",
  "snowplow",
  "posthog",
] as const;
export type ContenderName = (typeof CONTENDERS)[number];
