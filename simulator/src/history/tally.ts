import { describeRefusal, type RefusedRow } from "./history.ts";

/** What became of a history's rows: each is replayed, refused or beyond the number that was asked for. */
export interface HistoryTally {
  readonly path: string;
  readonly format: string;
  readonly rows: number;
  readonly replayed: number;
  readonly refused: number;
  /** Refused rows by the column that was at fault. */
  readonly refusedBy: Readonly<Record<string, number>>;
  /** Rows that are plays, and were not asked for. */
  readonly beyond: number;
}

/** Refused rows that are told one by one; the others are counted. */
const SHOWN_MAX = 20;

/** Counts rows, and puts in words what was not replayed. */
export class RowTally {
  readonly #refusedBy = new Map<string, number>();
  readonly #shown: string[] = [];
  #refused = 0;
  replayed = 0;
  beyond = 0;

  refuse(path: string, row: RefusedRow): void {
    this.#refused++;
    this.#refusedBy.set(row.column, (this.#refusedBy.get(row.column) ?? 0) + 1);
    if (this.#shown.length < SHOWN_MAX) this.#shown.push(`refused: ${describeRefusal(path, row)}`);
  }

  of(path: string, format: string): HistoryTally {
    return {
      path,
      format,
      rows: this.replayed + this.#refused + this.beyond,
      replayed: this.replayed,
      refused: this.#refused,
      refusedBy: Object.fromEntries(this.#refusedBy),
      beyond: this.beyond,
    };
  }

  /** The first refused rows, each with its reason. */
  get shown(): readonly string[] {
    return this.#refused > SHOWN_MAX
      ? [...this.#shown, `refused: ${this.#refused - SHOWN_MAX} more rows`]
      : this.#shown;
  }
}

/** One line; what it says adds up to the rows. */
export function describeTally({ rows, replayed, refused, refusedBy, beyond }: HistoryTally): string {
  const columns = Object.entries(refusedBy).map(([column, count]) => `${column} ${number(count)}`);
  const why = columns.length > 0 ? ` (by column: ${columns.join(", ")})` : "";
  const more = beyond > 0 ? `, ${number(beyond)} beyond --events` : "";
  return `${number(rows)} rows: ${number(replayed)} replayed, ${number(refused)} refused${why}${more}`;
}

const number = (count: number): string => count.toLocaleString("en");
