/**
 * MPD's text protocol, as far as it is needed: one command at a time, answered by lines `key: value` and then `OK`, or by
 * `ACK [error@list] {command} message`.
 */

import type { Socket } from "node:net";
import { type Clock, inTime } from "../../clock.ts";

/** What an answer says, by key in lower case. Where a key stands several times, the values are joined by ", ". */
export type Pairs = ReadonlyMap<string, string>;

/** No answer that is asked for here comes near to it. */
const ANSWER_CHARACTERS_MAX = 1_048_576;
/** What MPD has at hand it says at once. */
const ANSWER_MS = 10_000;

/** The pairs of an answer. */
export function pairsOf(lines: readonly string[]): Pairs {
  const pairs = new Map<string, string>();
  for (const line of lines) {
    const [, key, value = ""] = /^([^:]+): ?(.*)$/s.exec(line) ?? [];
    if (key === undefined) continue;
    const name = key.toLowerCase();
    const before = pairs.get(name);
    pairs.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return pairs;
}

/** A connection to MPD. Whatever goes wrong ends it, and rejects what was asked last. */
export class MpdConnection {
  /** How long it has been silent that had been asked, if that is why the connection has ended. */
  silentMs = 0;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #rest = "";
  #lines: string[] = [];
  #waiting: { resolve(lines: readonly string[]): void; reject(error: Error): void } | undefined;
  #fault: Error | undefined;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.setEncoding("utf8");
    socket.setKeepAlive(true, 30_000);
    socket.on("data", (text: string) => this.#take(text));
    socket.on("error", (error) => this.end(error));
    socket.on("close", () => this.end(new Error("it closed the connection")));
  }

  /** Resolves when MPD has greeted. @throws Error when it does not. */
  greeted(): Promise<readonly string[]> {
    return this.#inTime(this.#answer());
  }

  /** @throws Error when MPD refuses it, does not answer within 10 s, or is gone. */
  ask(command: string): Promise<readonly string[]> {
    return this.#inTime(this.#send(command));
  }

  /**
   * Resolves when something of these subsystems has changed, or with no line after `limitMs`, if MPD is still there.
   * @throws Error when it does not answer within 10 s then, or is gone.
   */
  async idle(subsystems: string, limitMs = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
    const changed = this.#send(`idle ${subsystems}`);
    if (limitMs === Number.POSITIVE_INFINITY) return changed;
    const news = await inTime(this.#clock, changed, limitMs);
    if (news) return news;
    this.#socket.write("noidle\n");
    return this.#inTime(changed);
  }

  end(fault: Error): void {
    this.#fault ??= fault;
    this.#socket.destroy();
    this.#waiting?.reject(this.#fault);
    this.#waiting = undefined;
  }

  #send(command: string): Promise<readonly string[]> {
    this.#socket.write(`${command}\n`);
    return this.#answer();
  }

  #answer(): Promise<readonly string[]> {
    if (this.#fault) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async #inTime(answer: Promise<readonly string[]>): Promise<readonly string[]> {
    const lines = await inTime(this.#clock, answer, ANSWER_MS);
    if (lines) return lines;
    this.silentMs = ANSWER_MS;
    this.end(new Error(`it did not answer within ${ANSWER_MS} ms`));
    throw this.#fault!;
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#takeLine(line);
    if (this.#rest.length > ANSWER_CHARACTERS_MAX || this.#lines.length > ANSWER_CHARACTERS_MAX / 64) {
      this.end(new Error("its answer has no end"));
    }
  }

  #takeLine(line: string): void {
    const waiting = this.#waiting;
    if (/^OK( MPD |$)/.test(line)) {
      this.#waiting = undefined;
      waiting?.resolve(this.#lines.splice(0));
    } else if (line.startsWith("ACK ")) {
      // Its text may repeat what was sent, such as a password; the number before it says as much.
      this.end(new Error(`it refused a command (ACK ${/^ACK \[\d+@\d+\]/.exec(line)?.[0].slice(4) ?? ""})`));
    } else {
      this.#lines.push(line);
    }
  }
}
