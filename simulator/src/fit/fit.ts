/**
 * Measures listening histories, and the listening model beside them.
 *
 *     node --conditions=source simulator/src/fit/fit.ts [--model] FILE … [--zone EET FILE …]
 *
 * `--zone` is the time zone of the listeners whose files follow, for the hours of the day; default UTC. `--model` adds
 * the same figures for what the model makes of each. Prints tables in Markdown; the numbers in `listening/fitted.ts`
 * are taken from them.
 */
import { parseArgs } from "node:util";
import { openHistory } from "../history/open-history.ts";
import { type Figure, figuresOf } from "./figures.ts";
import { modelOf } from "./model.ts";
import { sampleOf } from "./sample.ts";

const { tokens, values } = parseArgs({
  options: { model: { type: "boolean" }, zone: { type: "string" } },
  allowPositionals: true,
  tokens: true,
});
let timeZone = "UTC";
for (const token of tokens) {
  if (token.kind === "option" && token.name === "zone") timeZone = token.value ?? timeZone;
  if (token.kind !== "positional") continue;
  const sample = await sampleOf(await openHistory(token.value), timeZone);
  const columns = [figuresOf(sample)];
  if (values.model) {
    const { name, plays } = sample;
    columns.push(figuresOf(await modelOf(name, plays.length, plays[0]?.startedMs ?? 0)));
  }
  console.log(table(sample.name, columns));
}

/** One line for each figure of the first column. */
function table(name: string, columns: readonly (readonly Figure[])[]): string {
  const others = columns.slice(1).map((figures) => new Map(figures));
  const lines = columns[0]!.map(([label, value]) => {
    const cells = [value, ...others.map((figures) => figures.get(label) ?? "")];
    return `| ${[label, ...cells].join(" | ")} |`;
  });
  const head = `| ${["figure", name, ...others.map(() => "model")].join(" | ")} |`;
  return [head, `|${"---|".repeat(columns.length + 1)}`, ...lines, ""].join("\n");
}
