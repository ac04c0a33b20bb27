import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { Random } from "../listening/random.ts";
import type { Agenda } from "./agenda.ts";

/** 2026-01-01T00:00:00Z, by the only clock that is right: that of the simulation. */
const TRUE_START_MS = 1_767_225_600_000;

/** A computer: its wall clock may be wrong, and what runs on it may die at any moment. */
export class Machine {
  readonly name: string;
  readonly agenda: Agenda;
  readonly #random: Random;
  /** What its wall clock is ahead of the truth, in ms. */
  wallAheadMs = 0;
  #processes = 0;

  constructor(name: string, agenda: Agenda, random: Random) {
    this.name = name;
    this.agenda = agenda;
    this.#random = random;
  }

  get wallMs(): number {
    return Math.floor(TRUE_START_MS + this.agenda.nowMs + this.wallAheadMs);
  }

  /** The wall clock jumps by up to ten years, either way; returns what it is ahead of the truth then, in ms. */
  jumpClock(): number {
    const years = this.#random.fraction() * 20 - 10;
    this.wallAheadMs = Math.round(years * 365.25 * 86_400_000);
    return this.wallAheadMs;
  }

  start(): Process {
    return new Process(this, this.#random.fork(`process ${++this.#processes}`));
  }
}

/**
 * A process that can be killed: nothing that it waits for ever comes back, and no timer of it fires. What it had handed to
 * the kernel or to the network goes its way.
 */
export class Process {
  readonly clock: Clock;
  readonly #agenda: Agenda;
  #isAlive = true;

  constructor(machine: Machine, random: Random) {
    const { agenda } = machine;
    this.#agenda = agenda;
    const bootMs = agenda.nowMs;
    this.clock = {
      wallMs: () => machine.wallMs,
      monotonicMs: () => agenda.nowMs - bootMs,
      after: (delayMs, callback) => this.after(delayMs, callback),
      fraction: () => random.fraction(),
      randomBytes: (count) => randomBytes(random, count),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  kill(): void {
    this.#isAlive = false;
  }

  after(delayMs: number, callback: () => void): Cancel {
    return this.#agenda.after(delayMs, () => {
      if (this.#isAlive) callback();
    });
  }

  /** What `finish` returns or throws, after `delayMs`. It is called all the same when the process has died meanwhile. */
  later<T>(delayMs: number, finish: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#agenda.after(delayMs, () => {
        let settle: () => void;
        try {
          const result = finish();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        if (this.#isAlive) settle();
      });
    });
  }
}

/** More bytes than these are these again and again: only a disk's reserve asks for so many, and nobody reads it. */
const UNEQUAL_BYTES = 64;

function randomBytes(random: Random, count: number): Uint8Array {
  const bytes = Uint8Array.from({ length: Math.min(count, UNEQUAL_BYTES) }, () => random.integer(0, 255));
  return count > UNEQUAL_BYTES ? new Uint8Array(Buffer.alloc(count, bytes)) : bytes;
}
