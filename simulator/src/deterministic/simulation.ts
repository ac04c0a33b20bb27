import { systemClock } from "@tonearm/sdk/ports";
import { Random } from "../listening/random.ts";
import { Agenda } from "./agenda.ts";
import { Device } from "./device.ts";
import { Faults } from "./faults.ts";
import { Kinesis } from "./kinesis.ts";
import { drawKnobs, type Knobs } from "./knobs.ts";
import { Network } from "./network.ts";
import { Oracle, type Violation } from "./oracle.ts";
import { NO_PLANT, type Plant } from "./plants.ts";
import { RelayHost } from "./relay-host.ts";
import { Trace } from "./trace.ts";
import type { World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: string;
  /** Length of the fault phase; a quiet phase follows, which lasts until everything has arrived. */
  readonly hours: number;
  readonly devices: number;
  /** Takes the trace, many lines at a time. */
  readonly writeTrace?: (lines: string) => void;
  /** Told of the knobs before anything happens. */
  readonly onKnobs?: (knobs: Knobs) => void;
  /** A bug, to see whether it is found. */
  readonly plant?: Partial<Plant>;
}

/** What came of a run. */
export interface SimulationReport {
  readonly seed: string;
  /** Hours of the whole fleet in the fault phase, as far as it came. */
  readonly fleet_hours: number;
  /** Events recorded. */
  readonly events: number;
  readonly violations: readonly Violation[];
  readonly trace_sha256: string;
  readonly wall_seconds: number;
  readonly steps: number;
  readonly kinesis_records: number;
  /** Starts of relays that could not reach the stream, and served from their spools. */
  readonly blind_starts: number;
  /** The last lines of the trace, when a promise was not kept. */
  readonly tail: string;
}

const HOUR_MS = 3_600_000;
/** The quiet phase may take so long until everything has arrived; what is late at that time will not arrive. */
const QUIET_MS = 12 * HOUR_MS;
/** A late copy of a message and a late call may come so much later. */
const STRAGGLERS_MS = 2 * HOUR_MS;
const CLOSE_MS = 60_000;
/** The audit's verdicts are looked at every so many steps, and at the end. */
const JUDGED_STEPS = 5_000;

/** A fleet, its relays and a stream, from one seed: the same seed is the same run, step by step. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const beganMs = systemClock.monotonicMs();
  const run = new Run(options);
  await run.live();
  const { oracle, trace, agenda } = run.world;
  return {
    seed: options.seed,
    fleet_hours: Math.min(options.hours, agenda.nowMs / HOUR_MS),
    events: oracle.events,
    violations: oracle.violations,
    tail: oracle.violations.length > 0 ? trace.tail() : "",
    trace_sha256: trace.sha256(),
    wall_seconds: (systemClock.monotonicMs() - beganMs) / 1_000,
    steps: agenda.steps,
    kinesis_records: run.kinesis.records,
    blind_starts: run.blindStarts,
  };
}

class Run {
  readonly world: World;
  readonly kinesis: Kinesis;
  readonly #options: SimulationOptions;
  readonly #devices: readonly Device[];
  readonly #relays: readonly RelayHost[];

  constructor(options: SimulationOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    const knobs = drawKnobs(random.fork("knobs"));
    options.onKnobs?.(knobs);
    const agenda = new Agenda();
    const trace = new Trace(agenda, options.writeTrace);
    const oracle = new Oracle(trace, {
      isOrdered: knobs.relays === 1 && knobs.auto === "never",
    });
    this.world = { agenda, trace, oracle, random, knobs, plant: { ...NO_PLANT, ...options.plant } };
    this.kinesis = new Kinesis(knobs.shards, random.fork("kinesis"), trace, (record) =>
      oracle.streamed(record),
    );
    this.#relays = Array.from(
      { length: knobs.relays },
      (_, i) => new RelayHost(`relay-${i}`, this.world, this.kinesis),
    );
    const parts = { agenda, trace, relays: this.#relays };
    this.#devices = Array.from({ length: options.devices }, (_, i) => {
      return new Device(i, this.world, new Network(parts, knobs, random.fork(`network ${i}`)));
    });
  }

  get blindStarts(): number {
    return this.#relays.reduce((sum, { blindStarts }) => sum + blindStarts, 0);
  }

  /** All of it; ends early when a promise is not kept. */
  async live(): Promise<void> {
    const { oracle } = this.world;
    const onRejection = (error: unknown) =>
      oracle.violated(`a promise was left alone with ${inWords(error)}`);
    process.on("unhandledRejection", onRejection);
    try {
      await this.#faultPhase();
      await this.#quietPhase();
      if (oracle.violations.length === 0) oracle.judge();
    } catch (error) {
      oracle.violated(`something threw ${inWords(error)}`);
    } finally {
      process.off("unhandledRejection", onRejection);
    }
  }

  async #faultPhase(): Promise<void> {
    const faults = new Faults(this.world);
    for (const relay of this.#relays) relay.boot();
    for (const device of this.#devices) {
      device.boot();
      device.listen();
    }
    faults.begin(this.#devices, this.#relays, this.kinesis);
    await this.#pass(this.#options.hours * HOUR_MS);
    faults.end(this.#devices, this.#relays, this.kinesis);
  }

  /** Nothing goes wrong any more: everything that was promised must arrive, whoever has it. */
  async #quietPhase(): Promise<void> {
    for (const device of this.#devices) {
      device.silence();
      device.setConsent("granted");
    }
    await this.#pass(STRAGGLERS_MS);
    // Each device ends in order twice: what the last but one left is told by the last.
    for (let round = 0; round < 2; round++) {
      await this.#drain();
      for (const device of this.#devices) void device.close(CLOSE_MS);
      await this.#pass(CLOSE_MS * 2);
      for (const device of this.#devices) {
        if (device.isUp) this.#violated(`${device.name} has not closed ${CLOSE_MS / 500} s later`);
        device.boot();
      }
    }
    await this.#drain();
  }

  async #drain(): Promise<void> {
    const isDrained = () => [...this.#devices, ...this.#relays].every((each) => each.isDrained);
    await this.#pass(QUIET_MS, isDrained);
    for (const { name, isDrained: isDone } of [...this.#devices, ...this.#relays])
      if (!isDone)
        this.#violated(`${name} has not delivered everything ${QUIET_MS / HOUR_MS} quiet hours later`);
  }

  /** What follows from a violation is none of its own. */
  #violated(what: string): void {
    const { oracle } = this.world;
    if (oracle.violations.length === 0) oracle.violated(what);
  }

  /** Lets time pass, and looks at everybody after every step. */
  async #pass(forMs: number, isOver: () => boolean = () => false): Promise<void> {
    const { agenda, oracle } = this.world;
    if (oracle.violations.length > 0) return;
    await agenda.run(agenda.nowMs + forMs, () => {
      for (const relay of this.#relays) relay.check();
      if (agenda.steps % JUDGED_STEPS === 0) oracle.judgeClaims();
      return oracle.violations.length > 0 || isOver();
    });
  }
}

const inWords = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
