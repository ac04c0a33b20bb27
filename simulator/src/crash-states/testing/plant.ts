import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LogClass } from "../workload.ts";
import type { Mutant } from "./mutants.ts";

const SOURCES = fileURLToPath(new URL("../../../../sdk/src/", import.meta.url));

/** A file log with a bug in it, and what to call when it is no longer needed. */
export async function plant({ file, find, replace }: Mutant): Promise<{
  readonly Log: LogClass;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-mutant-"));
  await cp(SOURCES, directory, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  const path = join(directory, "file-log", file);
  const source = await readFile(path, "utf8");
  // A mutant whose place has moved tests nothing.
  if (source.split(find).length !== 2) throw new Error(`${file} has not exactly one place with: ${find}`);
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  const url = pathToFileURL(join(directory, "file-log", "file-log.ts")).href;
  const module = (await import(/* @vite-ignore */ url)) as { readonly FileLog: LogClass };
  return { Log: module.FileLog, remove: () => rm(directory, { recursive: true }) };
}
