/** What `log-writer.ts` says of its steps, and what must be true of the log that it leaves. */

export type LogStep =
  | { readonly kind: "open" | "closed" }
  /** Said when it is done: this must survive. */
  | { readonly kind: "durable"; readonly epoch: string; readonly throughSeq: number }
  /** Said before it begins: from here on this may be gone. */
  | { readonly kind: "forgetting"; readonly epoch: string; readonly throughSeq: number }
  | {
      readonly kind: "giving up" | "damage";
      readonly epoch: string;
      readonly fromSeq: number;
      readonly toSeq: number;
    }
  | { readonly kind: "quarantine"; readonly name: string };

/** What the event of a number holds. */
export const textOf = (epoch: string, seq: number): string =>
  `${epoch} ${seq} `.padEnd(30 + (seq % 7) * 90, "x");

/** Everything that writers have said of one directory. */
export class LogTruth {
  readonly #durable = new Map<string, number>();
  readonly #forgotten = new Map<string, number>();
  readonly #givenUp = new Set<string>();
  readonly faults: LogStep[] = [];
  readonly quarantined: string[] = [];
  readonly #isOurs: (epoch: string) => boolean;

  /** @param isOurs which epochs are meant, where a writer speaks of several logs. */
  constructor(isOurs: (epoch: string) => boolean = () => true) {
    this.#isOurs = isOurs;
  }

  /**
   * Takes a writer's output; a last line that was cut off was not said.
   * @param heard what somebody heard of it: only that it promised. What it was about to forget counts all the same.
   */
  hear(heard: string, all = heard): void {
    for (const step of stepsIn(all)) if (step.kind !== "durable") this.#note(step);
    for (const step of stepsIn(heard)) if (step.kind === "durable") this.#note(step);
  }

  /** Numbers that must be in the log, and are not among `found`, which holds `epoch seq`. */
  missing(found: ReadonlySet<string>): string[] {
    const missing: string[] = [];
    for (const [epoch, throughSeq] of this.#durable) {
      for (let seq = (this.#forgotten.get(epoch) ?? 0) + 1; seq <= throughSeq; seq++) {
        const name = `${epoch} ${seq}`;
        if (!found.has(name) && !this.#givenUp.has(name)) missing.push(name);
      }
    }
    return missing;
  }

  #note(step: LogStep): void {
    if ("epoch" in step && !this.#isOurs(step.epoch)) return;
    if (step.kind === "durable") this.#durable.set(step.epoch, step.throughSeq);
    else if (step.kind === "forgetting") this.#forgotten.set(step.epoch, step.throughSeq);
    else if (step.kind === "giving up") {
      for (let seq = step.fromSeq; seq <= step.toSeq; seq++) this.#givenUp.add(`${step.epoch} ${seq}`);
    } else if (step.kind === "damage") this.faults.push(step);
    else if (step.kind === "quarantine") this.quarantined.push(step.name);
  }
}

const stepsIn = (output: string): LogStep[] =>
  output
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogStep);
