/** Bugs to be planted in the file log: text of a source file, and what stands there instead. */
export interface Mutant {
  /** Below `sdk/src/file-log`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const WRITER = "segment-writer.ts";
const LOG = "file-log.ts";
const RECOVERY = "recovery.ts";
const WINDOW = "read-window.ts";

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  "a commit is not synced": {
    file: WRITER,
    find: "await file.sync();\n    this.#acksUnsynced = false;",
    replace: "",
  },
  "the directory is not synced for a new segment": {
    file: WRITER,
    find: "await this.#disk.syncDirectory();",
    replace: "",
  },
  "checksums are not compared": {
    file: "segment-format.ts",
    find: "if (view.getUint32(24, true) !== frameCrc(frame, salt)) return undefined;",
    replace: "",
  },
  "a short write counts as a whole one": {
    file: WRITER,
    find: "if (written === bytes.length) return;",
    replace: "if (written > 0) return;",
  },
  "a file is written to again after a failed write": {
    file: WRITER,
    find: "} catch (first) {\n      await this.seal();",
    replace: "} catch (first) {",
  },
  "a failed sync is passed over": {
    file: WRITER,
    find: "await file.sync();\n    this.#acksUnsynced = false;",
    replace: "await file.sync().catch(() => undefined);",
  },
  "what could not be stored is called stored": {
    file: WRITER,
    find: "return { ok: false, error };",
    replace:
      'return { ok: true, segment: newSegment("nowhere", { ...this.#identity, salt: 0, number: 0, createdMs: 0, firstSeq: 1 }), offset: 0 };',
  },
  "a new epoch has the index of the one before": {
    file: RECOVERY,
    find: "?.header.epochIndex ?? 0) + 1",
    replace: "?.header.epochIndex ?? 1)",
  },
  "one event too many is acknowledged": {
    file: LOG,
    find: "this.#catalog.acknowledge(epoch, throughSeq);\n      this.#window!.acknowledge(epoch, throughSeq);\n      await this.#writer!.appendAck(epoch, throughSeq);",
    replace:
      "this.#catalog.acknowledge(epoch, throughSeq);\n      this.#window!.acknowledge(epoch, throughSeq);\n      await this.#writer!.appendAck(epoch, throughSeq + 1);",
  },
  "an acknowledgement counts for every epoch": {
    file: RECOVERY,
    find: 'if (finding.kind === "ack") catalog.acknowledge(finding.epoch, finding.throughSeq);',
    replace: 'if (finding.kind === "ack") catalog.acknowledge(header.epoch, finding.throughSeq);',
  },
  "what was read counts as one event, and is deleted with it": {
    file: WINDOW,
    find: "segment.live[priority]++;",
    replace: "segment.live[priority] = 1;",
  },
  "a segment is removed while something of it waits": {
    file: LOG,
    find: "segment.readOffset === segment.bytes && liveCount(segment) === 0",
    replace: "segment.readOffset === segment.bytes",
  },
  "the newest file with an event is removed when its acknowledgement may not be on the disk": {
    file: LOG,
    find: ", segments.findLast(({ lastSeq }) => lastSeq > 0)];\n    const stays = segments.findIndex((segment) => !isDone(segment) || witnesses.includes(segment));\n    // One stays always, if there are any: what is written to now, or a witness.\n    const done = segments.slice(0, stays);\n    if (done.length > 0) await this.#writer!.syncAcks();",
    replace:
      "];\n    const stays = segments.findIndex((segment) => !isDone(segment) || witnesses.includes(segment));\n    const done = segments.slice(0, stays);",
  },
  "the last file of the epoch before is removed at once": {
    file: LOG,
    find: "!isDone(segment) || witnesses.includes(segment)",
    replace: "!isDone(segment)",
  },
  "a rewritten segment is not synced": {
    file: WRITER,
    find: "await writeWhole(file, bytes);\n      await file.sync();\n      count(segment, entries, bytes.length);",
    replace: "await writeWhole(file, bytes);\n      count(segment, entries, bytes.length);",
  },
  "an eviction removes before it rewrites": {
    file: LOG,
    find: "let replacement: Segment | undefined;\n    try {",
    replace: "let replacement: Segment | undefined;\n    await this.#remove(segment);\n    try {",
  },
  "an eviction removes although it could not rewrite": {
    file: LOG,
    find: "} catch {\n      return false;\n    }\n    // What damage",
    replace: "} catch {\n      replacement = undefined;\n    }\n    // What damage",
  },
  "an eviction takes what is more important, too": {
    file: "eviction.ts",
    find: "if (entry.priority < priority) kept.push(entry);",
    replace: "if (entry.priority < 0) kept.push(entry);",
  },
  "a purge does not sync the directory": {
    file: LOG,
    find: "await disk.syncDirectory();\n      return complete;",
    replace: "return complete;",
  },
  "a purge passes over the segment that is being written": {
    file: LOG,
    find: "await this.#writer!.renew();",
    replace: "",
  },
  "an unsynced tail is named as durable": {
    file: RECOVERY,
    find: "for (const { name } of segments) await disk.syncFile(name);",
    replace: "",
  },
  "the end of the epoch before is one too low": {
    file: RECOVERY,
    find: "isKnown ? catalog.lastSeqOf(epoch) : null",
    replace: "isKnown ? catalog.lastSeqOf(epoch) - 1 : null",
  },
  "recovery throws for a file that cannot be read": {
    file: RECOVERY,
    find: "} catch (error) {\n    return {\n      kind: isShortage(error)",
    replace: "} catch (error) {\n    throw error;\n    return {\n      kind: isShortage(error)",
  },
  "damage is said to have taken what was delivered before its file began": {
    file: WINDOW,
    find: "this.#suspect.set(epoch, Math.min(firstSeq - 1, this.#suspect.get(epoch) ?? Infinity));",
    replace: "this.#suspect.set(epoch, 0);",
  },
  "a fresh commit is shown before what is older": {
    file: WINDOW,
    find: "if (this.#bytes > FRESH_BYTES_MAX || this.#nextUnread() !== segment || segment.readOffset !== offset)\n      return;",
    replace: "",
  },
};
