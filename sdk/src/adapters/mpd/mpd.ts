/** Plays of a Music Player Daemon, over its own protocol. */

import { createConnection } from "node:net";
import { fullJitterMs } from "../../backoff.ts";
import { type Clock, sleep } from "../../clock.ts";
import { messageOf } from "../../errors.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, Sighting } from "../sighting.ts";
import { wordOf } from "../words-of-items.ts";
import { MpdConnection } from "./protocol.ts";
import { LOOK, StatusReader } from "./status.ts";

export interface MpdOptions extends AdapterOptions {
  /** Default `127.0.0.1`. A path is a socket in the file system. */
  readonly host?: string;
  /** Default 6600. */
  readonly port?: number;
  readonly password?: string;
  /** The partition that is followed. Default: MPD's own, `default`. */
  readonly partition?: string;
}

const BACKOFF = { backoffBaseMs: 500, backoffMaxMs: 30_000 };
const SUBSYSTEMS = "player playlist options output";
/** What is told of a seek, too. */
const PLAYER = "changed: player";
/** What plays, or is paused, is asked so often whether it is still there, and so much behind its due end. */
const STILL_THERE_MS = 60_000;
const END_LOOK_MS = 250;

/**
 * Records the plays of an MPD from now on. A lost connection is a lost player; it is tried again for ever.
 * @throws TonearmError `invalid_option`.
 */
export function followMpd(options: MpdOptions): Adapter {
  return new MpdFollower(options);
}

class MpdFollower implements Adapter {
  readonly #options: MpdOptions;
  readonly #tracker: PlayTracker;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  #connection: MpdConnection | undefined;
  #members: readonly string[] | undefined;
  #failures = 0;

  constructor(options: MpdOptions) {
    this.#options = options;
    this.#tracker = new PlayTracker(options);
    this.#clock = this.#tracker.clock;
    void this.#run();
  }

  because(because: Because): void {
    this.#tracker.because(because);
  }

  close(): void {
    this.#over.abort();
    this.#tracker.close();
    this.#connection?.end(new Error("the adapter was closed"));
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.#follow();
      } catch (error) {
        if (this.#over.signal.aborted) return;
        this.#tracker.lost(this.#connection?.silentMs);
        this.#failures++;
        if (this.#failures === 1) this.#tracker.trouble(`MPD is lost (${reasonIn(error)}); trying again`);
      }
      await sleep(this.#clock, fullJitterMs(this.#clock, this.#failures, BACKOFF), this.#over.signal);
    }
  }

  /** Follows one connection to its end. */
  async #follow(): Promise<never> {
    const { host = "127.0.0.1", port = 6_600, password, partition } = this.#options;
    const connection = new MpdConnection(
      createConnection(host.startsWith("/") ? { path: host } : { host, port }),
      this.#clock,
    );
    this.#connection = connection;
    const reader = new StatusReader();
    await connection.greeted();
    if (password !== undefined) await connection.ask(`password ${quoted(password)}`);
    if (partition !== undefined) await connection.ask(`partition ${quoted(partition)}`);
    this.#seeOutputs(await connection.ask("outputs"));
    let changed: readonly string[] | undefined;
    for (;;) {
      const { seen, lookAgainMs } = reader.read(
        await connection.ask(LOOK),
        changed?.includes(PLAYER) === false,
      );
      this.#failures = 0;
      this.#tracker.see(seen);
      changed = await connection.idle(SUBSYSTEMS, this.#askInMs(seen, lookAgainMs));
      if (changed.includes("changed: output")) this.#seeOutputs(await connection.ask("outputs"));
    }
  }

  /** An MPD that hangs says nothing, at a song's end either. */
  #askInMs({ state }: Sighting, lookAgainMs: number | undefined): number | undefined {
    if (state === "stopped") return lookAgainMs;
    const { remainingMs = -1 } = this.#tracker.current ?? {};
    const endMs = state === "playing" && remainingMs > 0 ? remainingMs + END_LOOK_MS : STILL_THERE_MS;
    return Math.min(lookAgainMs ?? STILL_THERE_MS, endMs, STILL_THERE_MS);
  }

  /** Outputs are rooms: they join and leave what plays. */
  #seeOutputs(lines: readonly string[]): void {
    const members = membersOf(lines);
    const before = this.#members ?? members;
    this.#members = members;
    const stayed = before.filter((each) => members.includes(each));
    if (stayed.length < before.length) this.#tracker.regroup({ group_change: "left", member_ids: stayed });
    if (stayed.length < members.length)
      this.#tracker.regroup({ group_change: "joined", member_ids: members });
  }
}

/** Names of the outputs that are on; a number in the place of one that holds an address. */
function membersOf(lines: readonly string[]): readonly string[] {
  const members: string[] = [];
  let name = "";
  let outputs = 0;
  for (const line of lines) {
    if (line.startsWith("outputname: ")) {
      outputs++;
      name = wordOf(line.slice("outputname: ".length))?.slice(0, 128) ?? `output ${outputs}`;
    }
    if (line === "outputenabled: 1") members.push(name);
  }
  return members.slice(0, 64);
}

const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/[\r\n]/g, "")}"`;

/** The system's word for it where there is one: its message would hold an address. */
const reasonIn = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : messageOf(error);
