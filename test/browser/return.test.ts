import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crash, hasChromium, launchBrowser } from "./chromium.ts";
import { begin, close, makePath, makeWorld, numbersOf, record, upTo, type World } from "./world.ts";

describe.skipIf(!hasChromium)("a page that comes back, in Chromium", () => {
  let world: World;
  let browser: Browser;
  beforeAll(async () => {
    [world, browser] = await Promise.all([makeWorld(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  it("delivers once what it recorded offline before it was reloaded", async () => {
    const path = await makePath(world);
    const page = await browser.newPage();
    const first = await begin(page, world, { endpoint: path.endpoint });
    await record(page, 100);
    await page.waitForFunction(() => told.durable.at(-1) === 101);
    await page.reload();
    await path.start();
    const second = await begin(page, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(100));
    expect(await close(page)).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
    const { epochs, duplicates } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(first)).toMatchObject({ verdict: "UNPROVEN", end: "named" });
    expect(epochs.get(second)?.verdict).toBe("COMPLETE");
    await page.context().close();
    await path.stop();
  });

  it("delivers once what it recorded before its renderer was killed", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const page = await context.newPage();
    const first = await begin(page, world, { endpoint: path.endpoint });
    await record(page, 100);
    await page.waitForFunction(() => told.durable.at(-1) === 101);
    await crash(page);
    await path.start();
    const next = await context.newPage();
    await begin(next, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(100));
    await close(next);
    const { epochs, duplicates } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(first)).toMatchObject({ verdict: "UNPROVEN", end: "named" });
    await context.close();
    await path.stop();
  });
});
