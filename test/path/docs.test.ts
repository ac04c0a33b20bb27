import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../support/processes.ts";

/** What is named and is not in the tree, rightly: other people's files, and what commands make. */
const OTHERS = new Set([
  "Node.js",
  "my-spotify-history.json",
  "StreamingHistory0.json",
  "data/anonymised/Streaming_History_Video_2020-2025.json",
  "dead-letters/",
  "report.md",
  "report.json",
]);
const NOT_OURS = new Set(["node_modules", "dist", "coverage", ".git", ".tonearm"]);

/** A file's name, with the directories before it, and stars; what begins with a slash is not in here. */
const FILE = /(?<![\w./@:*-])[\w@.*-][\w@.*/-]*\.(?:ts|mjs|js|md|sh|json|service|socket)\b(?![\w/-])/g;
const DIRECTORY = /(?<![\w./@:-])(?:[\w-][\w.-]*\/)+(?![\w*{.])/g;

describe("the pages", () => {
  const files: string[] = [];
  beforeAll(async () => {
    const all = glob(["**/*", ".*"], {
      cwd: ROOT,
      exclude: ({ name }) => NOT_OURS.has(name),
      withFileTypes: true,
    });
    for await (const entry of all)
      if (entry.isFile()) files.push(`/${join(entry.parentPath, entry.name).slice(ROOT.length)}`);
  });

  /** Names in `text` that stand for nothing in the tree. A name may leave directories out at its beginning. */
  function strangersIn(text: string): string[] {
    const isFile = (name: string) => {
      const parts = name.replace(/^(\.\.?\/)+/, "").split("*");
      const pattern = parts.map((part) => part.replaceAll(".", "\\.")).join("[^/]*");
      return files.some((file) => new RegExp(`/${pattern}$`).test(file));
    };
    const isDirectory = (name: string) => files.some((file) => file.includes(`/${name}`));
    const named = (pattern: RegExp) => Array.from(text.matchAll(pattern), ([name]) => name);
    return [
      ...named(FILE).filter((name) => !isFile(name)),
      ...named(DIRECTORY).filter((name) => !isDirectory(name)),
    ].filter((name) => !OTHERS.has(name));
  }

  it("name only files and directories that exist", async () => {
    const pages = files.filter((file) => file.endsWith(".md"));
    expect(pages).toContain("/ARCHITECTURE.md");
    for (const page of pages)
      expect([page, strangersIn(await readFile(join(ROOT, page), "utf8"))]).toEqual([page, []]);
  });

  it("would be found out (control)", () => {
    expect(
      strangersIn("`sdk/src/recorder.ts`, `recorder.ts`, `*.fuzz.test.ts`, `access/`, test/crash/"),
    ).toEqual([]);
    expect(
      strangersIn("`sdk/src/nobody.ts`, `order.ts`, `*.none.ts` in nowhere/ or `test/browser/crash/`"),
    ).toEqual(["sdk/src/nobody.ts", "order.ts", "*.none.ts", "nowhere/", "test/browser/crash/"]);
  });
});
