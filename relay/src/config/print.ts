import { urlShown } from "./check.ts";
import type { Loaded } from "./load.ts";
import { type Config, configSchema, RELOADED, SECRETS } from "./schema.ts";

const isIn = (names: readonly string[], name: string): boolean => names.includes(name);

/** The configuration in force, one line for each option: its value, secrets excepted, and where it comes from; then warnings. */
export function printed({ config, sourceOf, warnings }: Loaded): string {
  const rows = Object.keys(configSchema.shape).map((name) => [
    name,
    shownValue(name, config[name as keyof Config]),
    sourceOf(name),
    isIn(RELOADED, name) ? "SIGHUP" : "restart",
  ]);
  const table = [["option", "value", "from", "changes by"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, ...warnings.map((warning) => `warning: ${warning}`)].join("\n");
}

function shownValue(name: string, value: unknown): string {
  if (value === undefined) return "-";
  if (!isIn(SECRETS, name)) return urlShown(JSON.stringify(value));
  const count = Array.isArray(value) ? value.length : 1;
  return count === 0 ? "none" : `(secret, ${count})`;
}
