/** What stands in the pages of the documentation. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./processes.ts";

/** The relay that every example names. */
export const DEFAULT_RELAY = "http://127.0.0.1:8470";

/** The fenced blocks of a language in a page. */
export async function blocksOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1]!,
  );
}
