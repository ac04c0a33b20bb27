import { join } from "node:path";
import type { Clock } from "@tonearm/sdk/ports";
import { FaultProxy } from "./fault-proxy.ts";
import { FleetCounts } from "./fleet-counts.ts";
import type { LedgerPart } from "./ledger.ts";
import type { Listening } from "./listen.ts";
import type { Random } from "./listening/random.ts";
import { drawFate, type Knobs, NO_FAULTS } from "./scenario.ts";
import { type Due, Speaker } from "./speaker.ts";

export interface FleetPlan {
  /** Numbers of the speakers of this fleet: `speaker-<number>`. */
  readonly speakers: readonly number[];
  /** Events that a killed process had recorded already. */
  readonly doneOf: (device: string) => number;
  /** Over how long they record, in ms. */
  readonly recordingMs: number;
  readonly relay: URL;
  readonly key: string | undefined;
  /** Holds a directory per speaker. */
  readonly directory: string;
  readonly knobs: Knobs;
}

/** Many speakers in this process. */
export class Fleet {
  readonly counts = new FleetCounts();
  readonly #plan: FleetPlan;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #listening: Listening;
  readonly #ledger: LedgerPart;
  readonly #members: {
    readonly number: number;
    readonly device: string;
    readonly speaker: Speaker;
    readonly proxy: FaultProxy;
  }[] = [];

  constructor(
    plan: FleetPlan,
    parts: { random: Random; clock: Clock; listening: Listening; ledger: LedgerPart },
  ) {
    this.#plan = plan;
    this.#random = parts.random;
    this.#clock = parts.clock;
    this.#listening = parts.listening;
    this.#ledger = parts.ledger;
  }

  /** The fault phase: everybody records, and suffers. */
  async record(): Promise<void> {
    const { speakers, relay, key, directory, knobs, recordingMs } = this.#plan;
    for (const number of speakers) {
      const device = deviceName(number);
      const random = this.#random.fork(device).fork("network");
      const proxy = await FaultProxy.start(relay, random, this.#clock, knobs, (message) =>
        this.counts.trouble("connection_failed", message),
      );
      const parts = { device, directory: join(directory, device), proxy, key, clock: this.#clock };
      const speaker = new Speaker({ ...parts, ledger: this.#ledger, counts: this.counts });
      this.#members.push({ number, device, speaker, proxy });
    }
    await Promise.all(
      this.#members.map(({ number, device, speaker }) => {
        const fate = drawFate(this.#random.fork(device).fork("fate"), knobs, recordingMs);
        return speaker.record(this.#dues(number, device), fate);
      }),
    );
  }

  /** The quiet phase: no more faults, and everything must arrive. Resolves to how many events did not. */
  async drain(deadlineMs: number): Promise<number> {
    for (const { proxy } of this.#members) proxy.setKnobs(NO_FAULTS);
    const left = await Promise.all(this.#members.map(({ speaker }) => speaker.drain(deadlineMs)));
    await this.stop();
    return left.reduce((sum, events) => sum + events, 0);
  }

  /** Closes its speakers' network, whatever they are doing. */
  async stop(): Promise<void> {
    await Promise.all(this.#members.splice(0).map(({ proxy }) => proxy.close()));
  }

  /** A speaker's happenings, its listening time compressed into the recording. */
  *#dues(number: number, device: string): Generator<Due> {
    const { doneOf, recordingMs } = this.#plan;
    const events = this.#listening.eventsOf(number);
    const done = Math.min(doneOf(device), events);
    const first = (count: number) => Iterator.from(this.#listening.happenings(number)).take(count);
    const lengthMs = (count: number) => first(count).reduce((sum, { gapMs }) => sum + gapMs, 0);
    // Listening is repeatable: a first pass learns how long it takes, a second one plays it.
    const listeningMs = lengthMs(events) || 1;
    let heardMs = -lengthMs(done);
    let recorded = 0;
    for (const happening of first(events)) {
      heardMs += happening.gapMs;
      if (recorded++ >= done) yield { atMs: (heardMs / listeningMs) * recordingMs, happening };
    }
  }
}

const deviceName = (number: number): string => `speaker-${String(number).padStart(5, "0")}`;
