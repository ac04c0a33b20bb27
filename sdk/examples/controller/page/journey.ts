/** What is known of each event's way, from what the SDK tells. The picture is drawn from it; the numbers are `stats()`. */
import type { Telemetry, TelemetryStats } from "@tonearm/sdk";

export type Kind = "play" | "source" | "press" | "control" | "earlier";
/** How far an event has come; `given up` is where consent or space sends it. */
export type Stage = "recorded" | "durable" | "in flight" | "accepted" | "given up";

export interface Traveller {
  readonly kind: Kind;
  stage: Stage;
}

/** More are counted, not followed. */
const FOLLOWED_MAX = 5_000;

export class Journey {
  /** By epoch and number; those of earlier pages, before their numbers are known, by a name of their own. */
  readonly travellers = new Map<string, Traveller>();
  readonly #epoch: string;
  /** Numbers up to this one are known; those between that nobody recorded are the SDK's own records. */
  #knownSeq = 0;
  #earlier: string[] = [];
  #names = 0;

  constructor(telemetry: Telemetry) {
    this.#epoch = telemetry.epoch;
    telemetry.on("durable", ({ epoch, throughSeq }) => {
      this.#know(throughSeq);
      this.#move(epoch, 1, throughSeq, ["recorded"], "durable");
    });
    telemetry.on("sent", ({ epoch, fromSeq, throughSeq, events }) => {
      if (epoch === this.#epoch) this.#know(throughSeq);
      else this.#name(epoch, fromSeq, throughSeq, events);
      this.#move(epoch, fromSeq, throughSeq, ["recorded", "durable"], "in flight");
    });
    telemetry.on("accepted", ({ epoch, fromSeq, throughSeq }) => {
      this.#move(epoch, fromSeq, throughSeq, ["recorded", "durable", "in flight"], "accepted");
    });
    telemetry.on("drop", ({ epoch, fromSeq, toSeq }) => {
      this.#move(epoch, fromSeq, toSeq, ["recorded", "durable", "in flight"], "given up");
    });
  }

  recorded(seq: number, kind: Kind): void {
    this.#know(seq - 1);
    this.#knownSeq = Math.max(this.#knownSeq, seq);
    this.#add(`${this.#epoch} ${seq}`, kind, "recorded");
  }

  /** Brings the picture in line with what the SDK counts: a request that failed, and what earlier pages left. */
  settle({ inFlightEvents, storedEvents, lastSeq }: TelemetryStats): void {
    this.#know(lastSeq);
    let own = 0;
    for (const traveller of this.travellers.values()) {
      if (traveller.stage === "in flight" && inFlightEvents === 0) traveller.stage = "durable";
      if (traveller.kind !== "earlier" && /durable|in flight/.test(traveller.stage)) own++;
    }
    if (this.travellers.size >= FOLLOWED_MAX || inFlightEvents > 0) return;
    const earlier = Math.max(0, storedEvents - own);
    const waiting = [...this.travellers.values()].filter(
      ({ kind, stage }) => kind === "earlier" && (stage === "durable" || stage === "in flight"),
    ).length;
    for (let i = waiting; i < earlier; i++) {
      const name = `earlier ${this.#names++}`;
      if (this.#add(name, "earlier", "durable")) this.#earlier.push(name);
    }
    // Another page has taken them over.
    for (let i = earlier; i < waiting; i++) {
      const name = this.#earlier.shift();
      if (name) this.travellers.delete(name);
    }
  }

  #know(throughSeq: number): void {
    for (let seq = this.#knownSeq + 1; seq <= throughSeq; seq++) {
      this.#add(`${this.#epoch} ${seq}`, "control", "recorded");
    }
    this.#knownSeq = Math.max(this.#knownSeq, throughSeq);
  }

  #add(name: string, kind: Kind, stage: Stage): boolean {
    if (this.travellers.size >= FOLLOWED_MAX || this.travellers.has(name)) return false;
    this.travellers.set(name, { kind, stage });
    return true;
  }

  /** A batch of an earlier page has left: its events are among those that nobody had a number for. */
  #name(epoch: string, fromSeq: number, throughSeq: number, events: number): void {
    for (let seq = fromSeq; seq <= throughSeq && seq < fromSeq + events; seq++) {
      const unnamed = this.#earlier.shift();
      if (unnamed) {
        this.travellers.set(`${epoch} ${seq}`, this.travellers.get(unnamed)!);
        this.travellers.delete(unnamed);
      } else this.#add(`${epoch} ${seq}`, "earlier", "durable");
    }
  }

  #move(epoch: string, fromSeq: number, throughSeq: number, from: readonly Stage[], to: Stage): void {
    for (let seq = fromSeq; seq <= throughSeq; seq++) {
      const traveller = this.travellers.get(`${epoch} ${seq}`);
      if (traveller && from.includes(traveller.stage)) traveller.stage = to;
    }
  }
}
