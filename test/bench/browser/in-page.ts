import type { Play } from "../sdk/contender.ts";

/** A client in a page, made with default options to send to `endpoint`. Each has a bundle of its own, which sets `start`. */
export type StartInPage = (endpoint: string) => Promise<{
  /** The client's own call for one event. */
  record(play: Play): void;
  /** Hands over what waits, if the client has a call for it. */
  finish(): Promise<void>;
}>;
