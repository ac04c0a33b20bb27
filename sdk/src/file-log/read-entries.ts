import { messageOf } from "../errors.ts";
import type { Entry } from "../store.ts";
import type { Disk } from "./disk.ts";
import { scanFrames } from "./scan.ts";
import { decodeHeader, FRAMES_START, segmentNumber } from "./segment-format.ts";

/** What stands in a log's files. */
export type ReadEntry =
  | { readonly kind: "entry"; readonly epoch: string; readonly entry: Entry }
  /** Something of a file that is no commit: damage, or one that is just being written. */
  | { readonly kind: "unreadable"; readonly name: string; readonly reason: string };

/**
 * Reads everything in the files of a log, acknowledged or not, oldest file first, and changes nothing: another process may have
 * the log open meanwhile. At most one file is in memory. Logs with a packer are not read.
 * @throws the system's error when the directory cannot be listed.
 */
export async function* readEntries(disk: Disk): AsyncGenerator<ReadEntry> {
  const names = (await disk.list()).filter((name) => segmentNumber(name) !== undefined).toSorted();
  for (const name of names) {
    try {
      const bytes = await disk.read(name, 0, await disk.size(name));
      const header = decodeHeader(bytes);
      if (!header) {
        yield { kind: "unreadable", name, reason: "has no whole header" };
        continue;
      }
      for (const finding of scanFrames(bytes, FRAMES_START, header.salt)) {
        if (finding.kind === "damage") {
          yield { kind: "unreadable", name, reason: `holds ${finding.bytes} bytes that are no commit` };
        } else if (finding.kind === "events") {
          for (const entry of finding.entries) yield { kind: "entry", epoch: header.epoch, entry };
        }
      }
    } catch (error) {
      yield { kind: "unreadable", name, reason: `cannot be read (${messageOf(error)})` };
    }
  }
}
