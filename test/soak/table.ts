/** A soak's table, as it grows. */
import type { Row } from "./board.ts";

const HEAD = ["part", "proof", "runs", "cases", "", "violations", "skipped", "a second", "time", "seeds"];
const IS_NUMBER = [false, false, true, true, false, true, true, true, true, false];

/** The cells of a row: how many, of what, how quickly, and which. */
export const cellsOf = ({
  part,
  runs,
  running,
  cases,
  violations,
  skipped,
  seconds,
  seeds,
}: Row): string[] => [
  part.name,
  part.proof,
  running > 0 ? `${runs}+${running}` : String(runs),
  grouped(cases),
  part.unit,
  grouped(violations),
  grouped(skipped.length),
  seconds > 0 ? rate(cases / seconds) : "–",
  duration(seconds),
  spanOf(seeds),
];

/** The whole table, a line each. */
export function tableLines(rows: readonly Row[]): string[] {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) =>
        IS_NUMBER[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** One row for where nothing can be drawn again. */
export function rowLine(row: Row): string {
  const [name, , runs, cases, unit, violations, skipped, aSecond, time, seeds] = cellsOf(row);
  return `${name}: ${runs} runs, ${cases} ${unit}, ${violations} violations, ${skipped} skipped, ${aSecond} a second, ${time}, seeds ${seeds}`;
}

/** `1234567` as `1,234,567`. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

const rate = (perSecond: number): string =>
  perSecond === 0 || perSecond >= 100 ? grouped(Math.round(perSecond)) : perSecond.toPrecision(2);

/** `3725` seconds as `1:02:05`. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const spanOf = (seeds: readonly number[]): string =>
  seeds.length > 1 ? `${seeds[0]} … ${seeds.at(-1)}` : (seeds[0]?.toString() ?? "–");
