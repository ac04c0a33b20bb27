import { applyTo, type Image, type JournalDisk, type StoredFile } from "./journal-disk.ts";

/** What a crash may leave. */
export interface CrashState {
  /** Two states with the same key are the same. */
  readonly key: string;
  image(): Image;
}

/** One way in which the end of a file may be found. */
interface Ending {
  readonly key: string;
  bytes(): Uint8Array;
}

/** Beyond this, only some lengths of an unsynced end are tried: nothing but the reserve is written at once in such pieces. */
const PREFIXES_MAX = 1_024;

/**
 * Everything that a power cut may leave of `disk` now: of the changes of the directory any first few, and of a file's
 * unsynced end nothing, every part, zeros or junk of its length, or a later part without an earlier one.
 */
export function* crashStates(disk: JournalDisk): Generator<CrashState> {
  const names = new Map(disk.durableNames);
  for (let done = 0; ; done++) {
    yield* statesOf(names);
    const change = disk.changes[done];
    if (!change) return;
    applyTo(names, change);
  }
}

function* statesOf(names: ReadonlyMap<string, StoredFile>): Generator<CrashState> {
  const files = [...names];
  const torn = files.filter(([, file]) => file.length > file.syncedBytes);
  const least = new Map<string, Ending>(files.map(([name, file]) => [name, upTo(file, file.syncedBytes)]));
  if (torn.length === 0) yield stateOf(least);
  for (const [name, file] of torn) {
    for (const others of torn.length > 1 ? [false, true] : [false]) {
      const endings = new Map(least);
      if (others) for (const [other, { length }] of torn) endings.set(other, upTo(names.get(other)!, length));
      for (const ending of endingsOf(file)) yield stateOf(new Map(endings).set(name, ending));
    }
  }
}

function stateOf(endings: ReadonlyMap<string, Ending>): CrashState {
  let key = "";
  for (const [name, ending] of endings) key += `${name} ${ending.key} `;
  return { key, image: () => new Map(Array.from(endings, ([name, { bytes }]) => [name, bytes()])) };
}

function* endingsOf(file: StoredFile): Generator<Ending> {
  const { syncedBytes, length } = file;
  const step = length - syncedBytes > PREFIXES_MAX ? Math.ceil((length - syncedBytes) / 3) : 1;
  for (let to = syncedBytes; to < length; to += step) yield upTo(file, to);
  yield upTo(file, length);
  yield changed(file, "zeros", (tail) => tail.fill(0));
  yield changed(file, "junk", (tail) => tail.set(tail.map((_, i) => (i * 167 + 13) & 255)));
  for (const part of [1, 2, 3]) {
    const cut = ((length - syncedBytes) * part) >>> 2;
    yield changed(file, `later ${part}`, (tail) => tail.fill(0, 0, cut));
    yield changed(file, `earlier ${part}`, (tail) => tail.fill(0, cut));
  }
}

/** The file as it was written, cut off. */
function upTo({ id, bytes }: StoredFile, length: number): Ending {
  return { key: `${id}:${length}`, bytes: () => bytes.subarray(0, length) };
}

function changed(
  { id, bytes, syncedBytes, length }: StoredFile,
  name: string,
  change: (tail: Uint8Array) => void,
): Ending {
  return {
    key: `${id}:${syncedBytes}:${length}:${name}`,
    bytes: () => {
      const found = bytes.slice(0, length);
      change(found.subarray(syncedBytes));
      return found;
    },
  };
}
