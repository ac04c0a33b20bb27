/**
 * Cases that broke a promise once: every later run tries them first, whatever else it draws. They stand in the repository, in
 * `test/kept/<name>.txt`, one on a line, and are committed with what mends them. `TONEARM_KEPT` names another directory.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const directory = (): string =>
  process.env.TONEARM_KEPT ?? fileURLToPath(new URL("../../../test/kept", import.meta.url));

export function keptCases(name: string): string[] {
  const path = join(directory(), `${name}.txt`);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** Keeps a case, once. It does not matter where that cannot be done: whoever found it tells it, too. */
export function keepCase(name: string, line: string): void {
  try {
    if (keptCases(name).includes(line)) return;
    mkdirSync(directory(), { recursive: true });
    appendFileSync(join(directory(), `${name}.txt`), `${line}\n`);
  } catch {
    // A checkout that cannot be written.
  }
}
