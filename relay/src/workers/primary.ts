import { type Cancel, type Clock, inTime, sleep } from "@tonearm/sdk/ports";
import type { Log } from "../log.ts";
import { pageOf } from "../operate/figures.ts";
import type { Accepted } from "../resends.ts";
import { Directory, type Owner } from "./directory.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Questions } from "./questions.ts";

/** A worker's process, as it is seen from here. */
export interface WorkerProcess {
  send(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** Calls `listener` once, with the exit code, or undefined when a signal ended it. */
  onExit(listener: (code: number | undefined) => void): void;
  kill(signal: "SIGHUP" | "SIGKILL"): void;
}

export interface PrimaryParts {
  readonly count: number;
  /** Starts worker `number`, 1 to `count`; `where` is where all of them serve, once that is known. */
  readonly start: (number: number, where: Serving | undefined) => WorkerProcess;
  /** Epochs of which it is remembered whose they are. */
  readonly epochsMax: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the workers serve, all of them. */
export interface Serving {
  readonly url: string;
  readonly operatorUrl: string;
}

/** A worker that ends again and again is replaced after waits that double, in ms. */
const REPLACE_MS = 200;
const REPLACE_MS_MAX = 30_000;
/** A worker that served for so long had nothing wrong with its start. */
const SETTLED_MS = 60_000;
const PAGE_MS = 3_000;

class Colleague implements Owner {
  readonly process: WorkerProcess;
  readonly questions = new Questions();
  readonly startedMs: number;
  serving = false;
  isGone = false;

  constructor(process: WorkerProcess, startedMs: number) {
    this.process = process;
    this.startedMs = startedMs;
  }

  release(epochKey: string): Promise<Accepted | undefined> {
    return this.#ask((id) => ({ kind: "release", id, epochKey })) as Promise<Accepted | undefined>;
  }

  figures(path: string): Promise<unknown> {
    return this.#ask((id) => ({ kind: "figures", id, path }));
  }

  /** What a worker asks its device's keeper, which this one is. */
  pass(question: Extract<ToWorker, { kind: "held" | "keep" }>): Promise<unknown> {
    return this.#ask((id) => ({ ...question, id }));
  }

  async #ask(question: (id: number) => ToWorker): Promise<unknown> {
    if (this.isGone) return undefined;
    return (await this.questions.ask((id) => this.process.send(question(id)))) ?? undefined;
  }
}

/** The process that starts the workers: it serves nobody, replaces what dies, and brings their questions together. */
export class Primary {
  readonly #parts: PrimaryParts;
  readonly #directory: Directory;
  readonly #workers = new Map<number, Colleague>();
  /** How long each number's next replacement waits, and how to call it off. */
  readonly #waits = new Map<number, { readonly ms: number; readonly cancel: Cancel }>();
  readonly #served: Promise<Serving | number>;
  readonly #ended: Promise<number>;
  #serve!: (result: Serving | number) => void;
  #end!: (code: number) => void;
  #phase: "starting" | "running" | "stopping" = "starting";
  #where: Serving | undefined;
  #code = 0;

  constructor(parts: PrimaryParts) {
    this.#parts = parts;
    this.#directory = new Directory(parts.epochsMax);
    this.#served = new Promise((resolve) => {
      this.#serve = resolve;
    });
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /**
   * Starts all workers; resolves when every one of them serves. When one ends before that, what kept it from serving keeps
   * the others too: all are ended, and it resolves to the exit code.
   */
  start(): Promise<Serving | number> {
    for (let number = 1; number <= this.#parts.count; number++) this.#start(number);
    return this.#served;
  }

  /** Lets all workers finish; resolves to 0, or to 1 if one of them could not, or had to be killed after `deadlineMs`. */
  async stop(deadlineMs: number): Promise<number> {
    this.#finish();
    const over = new AbortController();
    void this.#killLate(deadlineMs, over.signal);
    const code = await this.#ended;
    over.abort();
    return code;
  }

  async #killLate(deadlineMs: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#parts.clock, deadlineMs, signal);
    if (signal.aborted) return;
    for (const { process } of this.#workers.values()) process.kill("SIGKILL");
  }

  /** Has all workers read their configuration again. */
  reload(): void {
    for (const { process } of this.#workers.values()) process.kill("SIGHUP");
  }

  #start(number: number): void {
    const worker = new Colleague(this.#parts.start(number, this.#where), this.#parts.clock.monotonicMs());
    this.#workers.set(number, worker);
    worker.process.onMessage((message) => this.#take(worker, message));
    worker.process.onExit((code) => this.#gone(number, worker, code));
  }

  #finish(): void {
    this.#phase = "stopping";
    for (const { cancel } of this.#waits.values()) cancel();
    for (const { process } of this.#workers.values()) process.send({ kind: "stop" });
    if (this.#workers.size === 0) this.#end(this.#code);
  }

  #take(worker: Colleague, message: FromWorker): void {
    switch (message.kind) {
      case "serving":
        worker.serving = true;
        if (this.#phase !== "starting" || this.#workers.values().some((each) => !each.serving)) return;
        this.#phase = "running";
        this.#where = message;
        this.#serve(message);
        return;
      case "claim":
        void this.#answer(worker, message.id, this.#directory.claim(message.epochKey, worker));
        return;
      case "ask page":
        void this.#answer(worker, message.id, this.#page(message.path));
        return;
      case "held":
      case "keep": {
        const { keeper, ...question } = message;
        void this.#answer(worker, message.id, this.#workers.get(keeper)?.pass(question));
        return;
      }
      case "spent":
        for (const each of this.#workers.values()) if (each !== worker) each.process.send(message);
        return;
      case "answer":
        worker.questions.answered(message.id, message.value);
        return;
    }
  }

  async #answer(worker: Colleague, id: number, work: Promise<unknown> | undefined): Promise<void> {
    const value = (await work) ?? null;
    if (!worker.isGone) worker.process.send({ kind: "answer", id, value });
  }

  /** A worker that says nothing in time is left out. */
  async #page(path: string): Promise<unknown> {
    const asked = Array.from(this.#workers.values(), (worker) =>
      inTime(this.#parts.clock, worker.figures(path), PAGE_MS),
    );
    return pageOf(
      path,
      (await Promise.all(asked)).filter((each) => each !== undefined),
    );
  }

  #gone(number: number, worker: Colleague, code: number | undefined): void {
    worker.isGone = true;
    worker.questions.close();
    this.#workers.delete(number);
    switch (this.#phase) {
      case "starting":
        this.#code = code || 1;
        this.#finish();
        break;
      case "stopping":
        if (code !== 0) this.#code ||= code ?? 1;
        if (this.#workers.size === 0) this.#end(this.#code);
        break;
      case "running":
        this.#parts.log.error("a worker ended, another takes its place", {
          worker: number,
          code: code ?? -1,
        });
        this.#replace(number, worker);
    }
    if (this.#phase === "stopping" && this.#workers.size === 0) this.#serve(this.#code);
  }

  #replace(number: number, worker: Colleague): void {
    const { clock } = this.#parts;
    const lived = clock.monotonicMs() - worker.startedMs >= SETTLED_MS;
    const last = this.#waits.get(number)?.ms;
    const ms = lived || last === undefined ? REPLACE_MS : Math.min(last * 2, REPLACE_MS_MAX);
    const cancel = clock.after(ms, () => this.#start(number), true);
    this.#waits.set(number, { ms, cancel });
  }
}
