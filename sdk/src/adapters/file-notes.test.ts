import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileNotes } from "./file-notes.ts";

describe("notes in a file", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tonearm-notes-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("are replaced as a whole, readable by their owner only, and removed", async () => {
    const path = join(directory, "open-play.json");
    const notes = fileNotes(path);
    expect(await notes.left()).toEqual([]);
    await notes.keep("one");
    await notes.keep("two");
    expect(await fileNotes(path).left()).toEqual(["two"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await notes.keep(undefined);
    await notes.keep(undefined);
    expect(await readdir(directory)).toEqual([]);
  });

  it("that are kept at once are not replaced by older ones on their way", async () => {
    const path = join(directory, "race.json");
    const notes = fileNotes(path);
    const older = notes.keep("open");
    notes.keepNow!("told");
    await older;
    expect(await notes.left()).toEqual(["told"]);
    const gone = notes.keep("open");
    notes.keepNow!(undefined);
    await gone;
    expect(await notes.left()).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("survive a crash in the middle of the next one", async () => {
    const path = join(directory, "torn.json");
    await fileNotes(path).keep("whole");
    await writeFile(`${path}.new`, "ha");
    expect(await fileNotes(path).left()).toEqual(["whole"]);
    await fileNotes(path).keep("next");
    expect(await readFile(path, "utf8")).toBe("next");
  });
});
