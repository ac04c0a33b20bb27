import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { FleetCounts } from "./fleet-counts.ts";
import type { FleetOptions } from "./fleet-options.ts";
import type { FleetPlace, FleetRun } from "./fleet-run.ts";
import { writeTruth } from "./ledger.ts";
import { Random } from "./listening/random.ts";
import { drawFate, type Knobs, type Period } from "./scenario.ts";

/** The command of the simulator's CLI that is a process of speakers. */
export const FLEET_PROCESS_COMMAND = "fleet-process";

/** What a process of speakers is told when it begins. */
export interface Orders {
  readonly options: FleetOptions;
  readonly seed: string;
  readonly relay: string;
  readonly key: string | undefined;
  readonly directory: string;
  readonly knobs: Knobs;
  /** Which of the processes this is; speakers are dealt out in turn. */
  readonly index: number;
  readonly part: string;
}

/** What a process of speakers says. */
export type News =
  | { readonly kind: "counts"; readonly counts: FleetCounts }
  | { readonly kind: "recorded" }
  | { readonly kind: "drained"; readonly left: number };

/** Kills per process on average are this many times those of a speaker: a kill takes all of its speakers. */
const KILLS_FACTOR = 2;

/** Speakers in processes of their own, which die by SIGKILL in the middle of whatever they are doing. */
export class KilledFleet implements FleetRun {
  readonly knobs: Knobs;
  readonly #members: Member[];
  readonly #parts: readonly string[];

  constructor(options: FleetOptions, seed: string, place: FleetPlace, knobs: Knobs) {
    this.knobs = knobs;
    const indexes = Array.from({ length: options.processes }, (_, index) => index);
    this.#parts = indexes.map((index) => join(place.directory, `ledger-${index}.part`));
    this.#members = indexes.map((index) => {
      const kills = { ...knobs, crashes: knobs.crashes * KILLS_FACTOR };
      const fate = drawFate(new Random(seed).fork("process").fork(index), kills, options.seconds * 1_000);
      const common = { options, seed, key: place.key, directory: place.directory };
      // In there nobody pretends to crash.
      const orders = {
        ...common,
        relay: place.relay.href,
        knobs: { ...knobs, crashes: 0 },
        index,
        part: this.#parts[index]!,
      };
      return new Member(orders, fate.crashes);
    });
  }

  counts(): FleetCounts {
    return this.#members.reduce((sum, { counts }) => sum.add(counts), new FleetCounts());
  }

  async record(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.record()));
  }

  async drain(deadlineMs: number): Promise<number> {
    const left = await Promise.all(this.#members.map((member) => member.drain(deadlineMs)));
    return left.reduce((sum, events) => sum + events, 0);
  }

  writeTruth(truth: FileHandle): Promise<number> {
    return writeTruth(this.#parts, truth);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()));
  }
}

/** One process of speakers through all of its lives. */
class Member {
  readonly #orders: Orders;
  readonly #kills: readonly Period[];
  /** Counts of the lives that are over. */
  readonly #past = new FleetCounts();
  /** What the present life has told. */
  #present = new FleetCounts();
  #child: ChildProcess | undefined;
  #recorded = false;
  #stopped = false;

  constructor(orders: Orders, kills: readonly Period[]) {
    this.#orders = orders;
    this.#kills = kills;
  }

  get counts(): FleetCounts {
    return new FleetCounts().add(this.#past).add(this.#present);
  }

  async record(): Promise<void> {
    const beganMs = systemClock.monotonicMs();
    this.#spawn();
    for (const { fromMs, forMs } of this.#kills) {
      await sleep(systemClock, Math.max(0, beganMs + fromMs - systemClock.monotonicMs()));
      if (this.#recorded) break;
      await this.#kill();
      await sleep(systemClock, forMs);
      this.#spawn();
    }
    while (!this.#recorded) {
      if (hasEnded(this.#child!)) throw endedByItself();
      await sleep(systemClock, POLL_MS);
    }
  }

  async drain(deadlineMs: number): Promise<number> {
    const child = this.#child!;
    const drained = new Promise<number>((resolve, reject) => {
      child.on("message", (news: News) => news.kind === "drained" && resolve(news.left));
      child.once("exit", () => reject(endedByItself()));
    });
    child.send({ drainMs: deadlineMs - systemClock.monotonicMs() });
    const left = await drained;
    if (!hasEnded(child)) await once(child, "exit");
    return left;
  }

  /** Kills it for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#child && !hasEnded(this.#child)) await this.#kill();
  }

  async #kill(): Promise<void> {
    const child = this.#child!;
    child.kill("SIGKILL");
    await once(child, "exit");
    this.#past.add(this.#present).crashes++;
    this.#present = new FleetCounts();
  }

  #spawn(): void {
    if (this.#stopped) return;
    const cli = fileURLToPath(new URL(import.meta.resolve("@tonearm/simulator")));
    const child = fork(cli, [FLEET_PROCESS_COMMAND], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    child.on("message", (news: News) => {
      if (news.kind === "recorded") this.#recorded = true;
      if (news.kind === "counts") this.#present = new FleetCounts().add(news.counts);
    });
    child.send(this.#orders);
    this.#child = child;
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const endedByItself = (): Error => new Error("a process of speakers ended by itself; see its message above");

const POLL_MS = 50;
