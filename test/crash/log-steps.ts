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

  /** Takes a writer's output; a last line that was cut off was not said. */
  hear(output: string): void {
    for (const line of output.split("\n").slice(0, -1)) this.#note(JSON.parse(line) as LogStep);
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
    if (step.kind === "durable") this.#durable.set(step.epoch, step.throughSeq);
    else if (step.kind === "forgetting") this.#forgotten.set(step.epoch, step.throughSeq);
    else if (step.kind === "giving up") {
      for (let seq = step.fromSeq; seq <= step.toSeq; seq++) this.#givenUp.add(`${step.epoch} ${seq}`);
    } else if (step.kind === "damage" || step.kind === "quarantine") this.faults.push(step);
  }
}
