import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { PlayNotes } from "./play-notes.ts";

/**
 * Notes in one file, replaced as a whole each time: a crash leaves the old one or the new one. Its directory must exist. Each
 * player has a file of its own, and one process at a time; it is readable by its owner only.
 */
export function fileNotes(path: string): PlayNotes {
  const file = resolve(path);
  const fresh = `${file}.new`;
  return {
    keepsFinals: true,
    async left() {
      try {
        return [await readFile(file, "utf8")];
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    async keep(text) {
      if (text === undefined) {
        await rm(file, { force: true });
      } else {
        const handle = await open(fresh, "w", 0o600);
        try {
          await handle.writeFile(text);
          await handle.datasync();
        } finally {
          await handle.close();
        }
        await rename(fresh, file);
      }
      await syncDirectory(dirname(file));
    },
  };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
