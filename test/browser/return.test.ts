import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { describe, expect, it } from "vitest";
import { crash, hasChromium, killBrowser, launchProfile } from "./chromium.ts";
import { BROKE_OFF, begin, close, inWorld, makePath, numbersOf, record, upTo, type World } from "./world.ts";

describe.skipIf(!hasChromium)("a page that comes back, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
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

  /** Records offline in `tabs` pages of one profile, kills the browser 2 s later, and comes back with the profile. */
  async function killedAndBack(tabs: number, events: number, database: string | false) {
    const path = await makePath(world);
    const profile = await mkdtemp(join(tmpdir(), "tonearm-chromium-"));
    let context = await launchProfile(profile);
    const epochs: string[] = [];
    for (let tab = 0; tab < tabs; tab++) {
      const page = await context.newPage();
      epochs.push(await begin(page, world, { endpoint: path.endpoint, database }));
      await record(page, events / tabs, (tab * events) / tabs);
    }
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await killBrowser(context);
    await path.start();
    context = await launchProfile(profile);
    const page = await context.newPage();
    await begin(page, world, { endpoint: path.endpoint, database });
    if (database !== false) {
      const delivered = async () => numbersOf(await path.verdicts()).length;
      await expect.poll(delivered, { timeout: 20_000 }).toBe(events);
    }
    await close(page);
    const verdicts = await path.verdicts();
    await context.close();
    await rm(profile, { recursive: true });
    await path.stop();
    return { verdicts, epochs };
  }

  it.each([
    [1, 1_000],
    [2, 400],
    [5, 400],
  ])(
    "delivers once what %i tabs recorded offline, %i events, 2 s before the whole browser was killed",
    async (tabs, events) => {
      const { verdicts, epochs } = await killedAndBack(tabs, events, "tonearm");
      expect(numbersOf(verdicts)).toEqual(upTo(events));
      expect(verdicts.duplicates).toBe(0);
      for (const epoch of epochs) expect(verdicts.epochs.get(epoch)).toMatchObject(BROKE_OFF);
    },
  );

  it("has nothing left of it when it kept events in memory only", async () => {
    const { verdicts, epochs } = await killedAndBack(1, 1_000, false);
    expect(numbersOf(verdicts)).toEqual([]);
    expect(verdicts.epochs.get(epochs[0]!)).toBeUndefined();
  });
});
