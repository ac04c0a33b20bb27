/** What a soak leaves behind: for people, and for programs. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./board.ts";
import type { Machine } from "./machine.ts";
import { cellsOf, duration } from "./table.ts";

export interface Soaked {
  readonly began: Date;
  readonly seconds: number;
  readonly minutesAsked: number;
  readonly jobs: number;
  readonly seed: number;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** Whether anything was not as promised. */
export const hasFailed = (rows: readonly Row[]): boolean => rows.some(({ violations }) => violations > 0);

/** The report as one object; names are in the style of the stream's. */
export function reportJson({ began, seconds, minutesAsked, jobs, seed, machine, rows }: Soaked) {
  return {
    began: began.toISOString(),
    seconds: Math.round(seconds),
    minutes_asked: minutesAsked,
    jobs,
    seed,
    failed: hasFailed(rows),
    machine,
    parts: rows.map((row) => ({
      name: row.part.name,
      proof: row.part.proof,
      unit: row.part.unit,
      runs: row.runs,
      cases: row.cases,
      violations: row.violations,
      skipped: row.skipped,
      seconds: Math.round(row.seconds),
      seeds: row.seeds,
      failures: row.failures,
    })),
  };
}

/** The same in Markdown. */
export function reportMarkdown(soaked: Soaked): string {
  const { began, seconds, minutesAsked, jobs, seed, machine, rows } = soaked;
  const { cpu, cores, memory_bytes: memory, system, versions } = machine;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const columns = [
    "part",
    "proof",
    "runs",
    "cases",
    "of",
    "violations",
    "skipped",
    "a second",
    "time",
    "seeds",
  ];
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    `# Soak of ${began.toISOString()}`,
    "",
    `${duration(seconds)} of ${minutesAsked} minutes asked for, ${jobs} runs at a time, from seed ${seed}: ${hasFailed(rows) ? "FAILED" : "no violation"}.`,
    "",
    `${cpu}, ${cores} cores, ${Math.round(memory / 2 ** 30)} GiB, ${system}; ${named.join("; ")}.`,
    "",
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(cellsOf(row))),
    ...skippedLines(rows),
    ...failureLines(rows),
    "",
  ].join("\n");
}

function skippedLines(rows: readonly Row[]): string[] {
  const lines = rows.flatMap(({ part, skipped }) => skipped.map((title) => `- ${part.name}: ${title}`));
  return lines.length > 0 ? ["", "## Skipped", "", ...lines] : [];
}

function failureLines(rows: readonly Row[]): string[] {
  const lines = rows.flatMap(({ part, failures, violations }) => [
    ...failures.flatMap(({ seed, what, again }) => [
      "",
      `### ${part.name}, seed ${seed}`,
      "",
      ...fenced("text", what),
      "",
      ...fenced("sh", again),
    ]),
    ...(violations > failures.length
      ? ["", `${violations - failures.length} more of ${part.name} are not shown.`]
      : []),
  ]);
  return lines.length > 0 ? ["", "## Failures", ...lines] : [];
}

/** A longer fence than any in the text. */
function fenced(language: string, text: string): string[] {
  const fence = "`".repeat(Math.max(3, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length + 1)));
  return [fence + language, text, fence];
}

/** Writes both into `directory`, each in one piece, in the place of what stood there. */
export function writeReport(directory: string, soaked: Soaked): void {
  mkdirSync(directory, { recursive: true });
  const put = (name: string, text: string) => {
    writeFileSync(join(directory, `${name}.part`), text);
    renameSync(join(directory, `${name}.part`), join(directory, name));
  };
  put("report.json", `${JSON.stringify(reportJson(soaked), null, 2)}\n`);
  put("report.md", reportMarkdown(soaked));
}
