/** The tables of docs/relay.md, made of the options and the metrics themselves. `pnpm docs:relay` writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { ManualClock } from "@tonearm/sdk/testing";
import type { z } from "zod";
import { checkConfig } from "../config/check.ts";
import { flagOf, isList, isSwitch, type Shape } from "../config/names.ts";
import { OPTION_GROUPS, RELOADED, SECRETS } from "../config/schema.ts";
import { BookCheck } from "../operate/book-check.ts";
import { relayMetrics } from "../operate/relay-metrics.ts";
import { SILENT, scriptedPipeline } from "./pipelines.ts";

export const RELAY_DOCS = new URL("../../../docs/relay.md", import.meta.url);

/** `page` with its tables as they have to be. @throws Error when it has no place for one. */
export async function withTables(page: string): Promise<string> {
  const tables = { options: optionTables(), metrics: await metricTable() };
  return Object.entries(tables).reduce((text, [name, rows]) => {
    const [from, to] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
    const begin = text.indexOf(from);
    const end = text.indexOf(to);
    if (begin < 0 || end < begin) throw new Error(`the page has no place for ${name}`);
    return `${text.slice(0, begin + from.length)}\n${rows}\n\n${text.slice(end)}`;
  }, page);
}

const isIn = (names: readonly string[], name: string): boolean => names.includes(name);

function optionTables(): string {
  return Object.entries(OPTION_GROUPS)
    .map(([title, shape]) => {
      const head = ["option", "flag", "value", "default", "changes by", "what it is"];
      const rows = Object.entries(shape as Shape).map(([name, type]) => [
        `\`${name}\``,
        isIn(SECRETS, name) ? "never" : `\`--${flagOf(name, type)}\``,
        allowedIn(name, type),
        defaultOf(name, type),
        isIn(RELOADED, name) ? "SIGHUP" : "restart",
        type.description ?? "",
      ]);
      return `### ${title}\n\n${table([head, ...rows])}`;
    })
    .join("\n\n");
}

/** What may be given: the sentence that a wrong value is answered with. */
function allowedIn(name: string, type: z.ZodType): string {
  if (isSwitch(type)) return "true, false";
  if (isList(type)) return "list";
  const said = type.safeParse({}).error?.issues[0]?.message ?? "";
  const range = /whole number from (\d+) to (\d+)/.exec(said);
  if (range) return `${spelled(name, Number(range[1]))} to ${spelled(name, Number(range[2]))}`;
  return /^expected (?:one of )?(?!string)(.*)$/.exec(said)?.[1] ?? "text";
}

function defaultOf(name: string, type: z.ZodType): string {
  const value = type.safeParse(undefined).data;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "";
  return typeof value === "number" ? spelled(name, value) : `\`${String(value)}\``;
}

const UNITS = ["", " KiB", " MiB", " GiB", " TiB"];

/** A number of bytes in its largest whole unit, any other as it is. */
function spelled(name: string, value: number): string {
  let unit = 0;
  let left = value;
  while (/bytes/i.test(name) && left % 1_024 === 0 && unit < UNITS.length - 1) {
    left /= 1_024;
    unit++;
  }
  return left.toLocaleString("en") + UNITS[unit]!;
}

async function metricTable(): Promise<string> {
  const { pipeline, front } = await scriptedPipeline();
  const { entrance } = front;
  const check = new BookCheck(pipeline.book, new ManualClock(), SILENT);
  const reloads = { succeeded: 0, failed: 0 };
  const { registry } = relayMetrics({
    pipeline,
    entrance,
    check,
    config: checkConfig({ insecure: true }),
    reloads,
  });
  const metrics = await registry.getMetricsAsJSON();
  const labels = new Map(
    registry
      .getMetricsAsArray()
      .map((metric) => [metric.name, (metric as { labelNames?: string[] }).labelNames]),
  );
  const rows = metrics.map(({ name, type, help }) => [
    `\`${name}\``,
    String(type),
    labels
      .get(name)
      ?.map((label) => `\`${label}\``)
      .join(", ") ?? "",
    help,
  ]);
  return table([["metric", "type", "label", "what it is"], ...rows]);
}

/** A table as the project's formatter leaves it alone. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

if (import.meta.main) writeFileSync(RELAY_DOCS, await withTables(readFileSync(RELAY_DOCS, "utf8")));
