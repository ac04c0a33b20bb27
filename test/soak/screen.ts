/** Shows the table: drawn again where it stands on a terminal, a line for every run elsewhere. */
import type { Row } from "./board.ts";
import { rowLine, tableLines } from "./table.ts";

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Screen {
  readonly #output: Output;
  #drawn = 0;
  /** Violations that were told. */
  #told = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param ended the row of a run that has just ended. */
  show(rows: readonly Row[], ended?: Row): void {
    this.#tellFailures(rows);
    if (this.#output.isTTY) this.#draw(rows);
    else if (ended) this.#output.write(`${rowLine(ended)}\n`);
  }

  /** The whole table, for good. */
  end(rows: readonly Row[]): void {
    if (this.#output.isTTY) this.#draw(rows);
    else this.#output.write(`${tableLines(rows).join("\n")}\n`);
  }

  #draw(rows: readonly Row[]): void {
    const width = this.#output.columns ?? 200;
    // A line that is wrapped would be counted wrongly.
    const lines = tableLines(rows).map((line) => line.slice(0, width - 1));
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : "";
    this.#output.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  /** Each failure stands above the table, once. */
  #tellFailures(rows: readonly Row[]): void {
    const failures = rows.flatMap(({ part, failures: each }) =>
      each.map((failure) => ({ part, ...failure })),
    );
    if (failures.length === this.#told) return;
    if (this.#drawn > 0) this.#output.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
    const known = this.#known;
    for (const { part, seed, what, again } of failures) {
      const name = `${part.name} ${seed} ${what}`;
      if (known.has(name)) continue;
      known.add(name);
      this.#output.write(`VIOLATION in ${part.name}, seed ${seed}: ${what}\n  again: ${again}\n`);
    }
    this.#told = failures.length;
  }

  readonly #known = new Set<string>();
}
