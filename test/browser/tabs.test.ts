import type { Browser, BrowserContext } from "playwright-core";
import { describe, expect, it } from "vitest";
import { crash, hasChromium } from "./chromium.ts";
import { BROKE_OFF, begin, close, inWorld, makePath, numbersOf, record, upTo, type World } from "./world.ts";

describe.skipIf(!hasChromium)("several tabs, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  /** Opens `count` tabs that record 20 events each. */
  async function tabs(context: BrowserContext, endpoint: string, count: number) {
    const opened = [];
    for (let tab = 0; tab < count; tab++) {
      const page = await context.newPage();
      const epoch = await begin(page, world, { endpoint });
      await record(page, 20, tab * 20);
      await page.waitForFunction(() => told.durable.at(-1)! >= 21);
      opened.push({ page, epoch });
    }
    return opened;
  }

  it("each delivers its own epoch, and none touches that of another that lives", async () => {
    const path = await makePath(world);
    await path.start();
    const context = await browser.newContext();
    const opened = await tabs(context, path.endpoint, 3);
    for (const { page } of opened) expect(await close(page)).toMatchObject({ delivered: true });
    const { epochs, duplicates, events } = await path.verdicts();
    expect(events).toHaveLength(60);
    expect(duplicates).toBe(0);
    for (const { epoch } of opened) {
      expect(epochs.get(epoch)).toMatchObject({ verdict: "COMPLETE", events: 20, controlRecords: 2 });
    }
    await context.close();
    await path.stop();
  });

  it("one that is killed while it holds the uploader's lock is followed by another, which takes its epoch over", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const [first, second, third] = await tabs(context, path.endpoint, 3);
    const holder = () =>
      second!.page.evaluate(async () => {
        const { held = [] } = await navigator.locks.query();
        return held.find(({ name }) => name === "tonearm:tonearm:uploader")?.clientId;
      });
    const before = await holder();
    expect(before).toBeDefined();
    await crash(first!.page);
    await expect.poll(holder).not.toBe(before);
    await path.start();
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 30_000 }).toEqual(upTo(60));
    await close(second!.page);
    await close(third!.page);
    const { epochs, duplicates } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(first!.epoch)).toMatchObject(BROKE_OFF);
    for (const { epoch } of [second!, third!]) expect(epochs.get(epoch)?.verdict).toBe("COMPLETE");
    await context.close();
    await path.stop();
  });

  it("clear up after the dead: nothing of a delivered epoch stays in the database", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const [first] = await tabs(context, path.endpoint, 1);
    await crash(first!.page);
    await path.start();
    const page = await context.newPage();
    await begin(page, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(20));
    await close(page);
    const keys = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const opening = indexedDB.open("tonearm");
          opening.onsuccess = () => {
            const all = opening.result.transaction("frames").objectStore("frames").getAllKeys();
            all.onsuccess = () => resolve(all.result);
          };
        }),
    );
    expect(keys).toEqual([]);
    await context.close();
    await path.stop();
  });

  it("without Web Locks lose nothing, whoever dies", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    await context.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "locks", { value: undefined }),
    );
    const [first, second] = await tabs(context, path.endpoint, 2);
    await crash(first!.page);
    await record(second!.page, 20, 40);
    await path.start();
    const third = await context.newPage();
    await begin(third, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(60));
    await close(second!.page);
    await close(third);
    const { epochs } = await path.verdicts();
    expect(epochs.get(second!.epoch)?.verdict).toBe("COMPLETE");
    // Nobody could know that it was dead, so nobody said where it ended.
    expect(epochs.get(first!.epoch)).toMatchObject({ verdict: "UNPROVEN", end: "unknown" });
    await context.close();
    await path.stop();
  });
});
