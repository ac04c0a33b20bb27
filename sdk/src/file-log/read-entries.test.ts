import { describe, expect, it } from "vitest";
import { NORMAL } from "../store.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { FileLog } from "./file-log.ts";
import { readEntries } from "./read-entries.ts";

async function read(disk: MemoryDisk): Promise<string[]> {
  const found: string[] = [];
  for await (const each of readEntries(disk)) {
    found.push(
      each.kind === "entry" ? Buffer.from(each.entry.bytes).toString() : `${each.name} ${each.reason}`,
    );
  }
  return found;
}

async function logOf(...texts: string[]) {
  const disk = new MemoryDisk();
  const log = new FileLog({
    disk,
    clock: new ManualClock(),
    spelling: 2,
    segmentBytes: 400,
    storeBytesMax: 2 ** 30,
    storeEventsMax: 2 ** 30,
    freeBytesMin: 0,
    onDamage: () => undefined,
    onQuarantine: () => undefined,
  });
  await log.open("relay", "e".repeat(16));
  for (const [i, text] of texts.entries()) {
    await log.append([{ seq: i + 1, priority: NORMAL, bytes: Buffer.from(text) }]);
  }
  return { disk, log };
}

describe("reading a log's files", () => {
  it("shows every entry in order, acknowledged or not, and changes nothing", async () => {
    const { disk, log } = await logOf("a".repeat(100), "b".repeat(100), "c");
    await log.acknowledge("e".repeat(16), 1);
    const calls = disk.calls.length;
    expect(await read(disk)).toEqual(["a".repeat(100), "b".repeat(100), "c"]);
    expect(new Set(disk.calls.slice(calls))).toEqual(new Set(["list", "size", "read"]));
  });

  it("goes on behind what it cannot read, and says what that was", async () => {
    const { disk } = await logOf("a".repeat(100), "b".repeat(100), "c");
    const [first] = (await disk.list()).filter((name) => name.endsWith(".log"));
    const bytes = disk.bytesOf(first!).slice();
    bytes[300] = bytes[300]! ^ 1;
    disk.setBytes(first!, bytes);
    const found = await read(disk);
    expect(found[0]).toContain("bytes that are no commit");
    expect(found.slice(1)).toEqual(["b".repeat(100), "c"].slice(found.length === 3 ? 0 : 1));
    disk.setBytes(first!, new Uint8Array(10));
    expect((await read(disk))[0]).toContain("has no whole header");
    disk.fail({ operation: "read", code: "EIO", times: 1 });
    expect((await read(disk))[0]).toContain("cannot be read");
  });
});
