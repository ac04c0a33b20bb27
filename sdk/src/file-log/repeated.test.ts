import { expect, it } from "vitest";
import { CONTROL, type Store } from "../store.ts";
import { smallLogOn } from "../testing/log-bench.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { entries } from "../testing/store-contract.ts";

const EPOCHS = ["a", "b", "c", "d"].map((letter) => letter.repeat(16));
const WIDE = { eventsMax: 1_000, bytesMax: 1_000_000 };
const logOn = (disk: MemoryDisk): Store => smallLogOn(disk, () => undefined);

it("declares an event once that stands in two files, because a sync failed and the process was killed", async () => {
  const disk = new MemoryDisk();
  const first = logOn(disk);
  await first.open("d", EPOCHS[0]!);
  await first.append(entries(1, 2));
  disk.fail({ operation: "sync", code: "EIO" });
  expect(await first.append(entries(3, 4))).toEqual({ ok: true });
  await first.append(entries(5, 6));
  const log = logOn(disk.processKill());
  await log.open("d", EPOCHS[1]!);
  expect(log.backlog().events).toBe(6);
  const plan = await log.planEviction(1e9, 0);
  expect(plan!.ranges.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
    [1, 4],
    [5, 6],
  ]);
});

it("names an epoch although the acknowledgement of its only event could not be written", async () => {
  const disk = new MemoryDisk();
  const log = logOn(disk);
  await log.open("d", EPOCHS[0]!);
  const purge = await log.planPurge();
  await log.append(entries(1, 1, CONTROL));
  disk.fail({ operation: "write", code: "EIO", after: 1, times: 2 });
  expect(await purge.apply()).toBe(false);
  const run = await log.read(WIDE);
  await log.acknowledge(EPOCHS[0]!, run!.firstSeq);
  await log.close();
  expect(await logOn(disk).open("d", EPOCHS[1]!)).toEqual({ previous: { epoch: EPOCHS[0], lastSeq: 1 } });
});

it("shows nothing again that was acknowledged in a later file, as long as any of the file it stands in waits", async () => {
  const disk = new MemoryDisk();
  const log = logOn(disk);
  await log.open("d", EPOCHS[0]!);
  await log.append(entries(1, 2));
  await log.close();
  const second = logOn(disk);
  await second.open("d", EPOCHS[1]!);
  await second.acknowledge(EPOCHS[0]!, (await second.read({ ...WIDE, eventsMax: 1 }))!.firstSeq);
  await second.close();
  const third = logOn(disk);
  await third.open("d", EPOCHS[2]!);
  // Reads beyond the file of the first epoch, the next of which holds nothing but the acknowledgement.
  await third.read(WIDE);
  await third.append(entries(1, 1));
  await third.close();
  const last = logOn(disk);
  await last.open("d", EPOCHS[3]!);
  expect(await last.read(WIDE)).toMatchObject({ epoch: EPOCHS[0], firstSeq: 2 });
});
