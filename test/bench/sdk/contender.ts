/** The port to a client that is compared. Each contender lives in its own process, made by `run-contender.ts`. */

/** Fields of one play, as every contender is given them. */
export type Play = Readonly<Record<string, string | number | boolean | null>>;

interface Contender {
  /** The client's own call for one event. */
  record(play: Play): void;
  /** Flushes and closes, as the client's documentation says for the end of a process. */
  finish(): Promise<void>;
}

/** Makes a client with default options that sends to `endpoint`; only Tonearm is told how large its batches may be. */
export type StartContender = (
  endpoint: string,
  directory: string,
  batchEventsMax: number,
) => Promise<Contender>;

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

/** Plays as they are handed to a contender's process, which makes an object of each when it is recorded. */
export interface Plays {
  readonly templates: readonly Play[];
  /** Of each play: when it began, which no other play did, and when it ended. */
  readonly startedAt: readonly string[];
  readonly endedAt: readonly string[];
}

/** The play of this number, a fresh object. */
export function playOf({ templates, startedAt, endedAt }: Plays, number: number): Play {
  return {
    ...templates[number % templates.length],
    started_at: startedAt[number]!,
    ended_at: endedAt[number]!,
  };
}
