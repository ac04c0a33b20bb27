import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { PlayNotes } from "./play-notes.ts";

/**
 * Notes in one file, replaced as a whole each time: a crash leaves the old one or the new one. Its directory must exist. Each
 * player has a file of its own, and one process at a time; it is readable by its owner only.
 */
export function fileNotes(path: string): PlayNotes {
  const file = resolve(path);
  const directory = dirname(file);
  let writes = 0;
  return {
    async left() {
      try {
        return [await readFile(file, "utf8")];
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    async keep(text) {
      const write = ++writes;
      const fresh = `${file}.new`;
      if (text !== undefined) {
        const handle = await open(fresh, "w", 0o600);
        try {
          await handle.writeFile(text);
          await handle.datasync();
        } finally {
          await handle.close();
        }
      }
      // Nothing comes between the look and what is done, so what is older never takes the place of what is newer.
      if (write !== writes) {
        rmSync(fresh, { force: true });
        return;
      }
      if (text === undefined) rmSync(file, { force: true });
      else renameSync(fresh, file);
      await syncDirectory(directory);
    },
    keepNow(text) {
      writes++;
      const fresh = `${file}.now`;
      if (text === undefined) rmSync(file, { force: true });
      else {
        withFile(fresh, "w", (descriptor) => {
          writeFileSync(descriptor, text);
          fdatasyncSync(descriptor);
        });
        renameSync(fresh, file);
      }
      withFile(directory, "r", fsyncSync);
    },
  };
}

function withFile(path: string, flags: "r" | "w", work: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600);
  try {
    work(descriptor);
  } finally {
    closeSync(descriptor);
  }
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
