import { crc32 } from "node:zlib";
import { type Clock, inTime } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import type { Log } from "../log.ts";
import { type Recent, recent } from "../memory/recent.ts";
import type { Page } from "../operate/page.ts";
import type { Spent } from "../rate-limit/shared-spending.ts";
import type { Accepted } from "../resends.ts";
import { decodeSpooledBatch, encodeSpooledBatch } from "../spool/spooled-batch.ts";
import type { Colleagues, Desk, Kept } from "./colleagues.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Questions } from "./questions.ts";

/** A batch under way elsewhere, or waiting for its turn, is given up after some 12 s: longer waits are for nothing. */
const ANSWER_MS = 15_000;
const PAGE_MS = 5_000;

/** The way to the process that started this one. */
export interface Link {
  send(message: FromWorker): void;
  /** Calls `listener` with every message that comes. */
  listen(listener: (message: ToWorker) => void): void;
}

/** This worker's side of the link: what it asks the others, and what they ask of it. */
export class WorkerLink implements Colleagues {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #questions = new Questions();
  readonly #owned: Recent<true>;
  readonly #claims = new Map<string, Promise<void>>();
  readonly #stopped: Promise<void>;
  #desk: Desk | undefined;

  readonly count: number;
  readonly #number: number;

  /**
   * @param place which worker this is, 1 to `count`, and how many there are.
   * @param epochsMax epochs of which it is remembered that they are this worker's.
   */
  constructor(
    link: Link,
    place: { readonly number: number; readonly count: number },
    epochsMax: number,
    clock: Clock,
    log: Log,
  ) {
    this.#link = link;
    this.count = place.count;
    this.#number = place.number;
    this.#clock = clock;
    this.#log = log;
    this.#owned = recent(epochsMax);
    this.#stopped = new Promise((resolve) => {
      link.listen((message) => {
        if (message.kind === "stop") resolve();
        else this.#take(message);
      });
    });
  }

  /** Resolves when this worker is to end. */
  get stopped(): Promise<void> {
    return this.#stopped;
  }

  open(desk: Desk): void {
    this.#desk = desk;
  }

  /** Says where this worker serves. */
  serving(url: string, operatorUrl: string): void {
    this.#link.send({ kind: "serving", url, operatorUrl });
  }

  own(epochKey: string): Promise<void> | undefined {
    const under = this.#claims.get(epochKey);
    if (under) return under;
    if (this.#owned.get(epochKey)) return undefined;
    const claim = this.#claim(epochKey).finally(() => this.#claims.delete(epochKey));
    this.#claims.set(epochKey, claim);
    return claim;
  }

  isElsewhere(device: string): boolean {
    return this.#keeperOf(device) !== this.#number;
  }

  async isHeld(device: string): Promise<boolean | undefined> {
    const keeper = this.#keeperOf(device);
    const asked = this.#questions.ask((id) => this.#link.send({ kind: "held", id, keeper, device }));
    return ((await inTime(this.#clock, asked, ANSWER_MS)) ?? undefined) as boolean | undefined;
  }

  async keep(batch: Batch): Promise<Kept | undefined> {
    const keeper = this.#keeperOf(batch.device);
    const text = Buffer.from(encodeSpooledBatch(batch)).toString("latin1");
    const asked = this.#questions.ask((id) => this.#link.send({ kind: "keep", id, keeper, batch: text }));
    return ((await inTime(this.#clock, asked, ANSWER_MS)) ?? undefined) as Kept | undefined;
  }

  /** Only the device and the number of workers decide, so that it is the same one after a restart. */
  #keeperOf(device: string): number {
    return (crc32(device) % this.count) + 1;
  }

  tellSpent(spent: readonly Spent[]): void {
    this.#link.send({ kind: "spent", spent });
  }

  async page(path: string): Promise<Page | undefined> {
    const asked = this.#questions.ask((id) => this.#link.send({ kind: "ask page", id, path }));
    return ((await inTime(this.#clock, asked, PAGE_MS)) ?? undefined) as Page | undefined;
  }

  async #claim(epochKey: string): Promise<void> {
    // Set before the answer comes: right behind it may come the word to give the epoch up again.
    this.#owned.set(epochKey, true);
    const asked = this.#questions.ask((id) => this.#link.send({ kind: "claim", id, epochKey }));
    const answer = await inTime(this.#clock, asked, ANSWER_MS);
    // Without an answer the batch is served all the same: at worst it is written twice.
    if (answer === undefined)
      this.#log.warn("the other workers did not say what they know of an epoch in time");
    else if (answer !== null) this.#desk?.adopt(epochKey, answer as Accepted);
  }

  #take(message: Exclude<ToWorker, { kind: "stop" }>): void {
    switch (message.kind) {
      case "answer":
        this.#questions.answered(message.id, message.value);
        return;
      case "release":
        // From this moment on a batch of it is somebody else's.
        this.#owned.delete(message.epochKey);
        void this.#answer(message.id, this.#desk?.release(message.epochKey));
        return;
      case "held":
        void this.#answer(message.id, this.#desk?.isHeld(message.device));
        return;
      case "keep":
        void this.#answer(message.id, this.#keep(message.batch));
        return;
      case "spent":
        this.#desk?.addOthers(message.spent);
        return;
      case "figures":
        void this.#answer(message.id, this.#desk?.figures(message.path));
        return;
    }
  }

  async #keep(text: string): Promise<Kept | undefined> {
    const batch = decodeSpooledBatch(Buffer.from(text, "latin1"));
    return batch && this.#desk?.keep(batch);
  }

  async #answer(id: number, work: Promise<unknown> | undefined): Promise<void> {
    let value: unknown;
    try {
      value = await work;
    } catch (error) {
      this.#log.error("another worker's question has no answer", { error: String(error) });
    }
    this.#link.send({ kind: "answer", id, value: value ?? null });
  }
}
