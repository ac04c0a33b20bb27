import type { Browser, BrowserContext } from "playwright-core";
import { describe, expect, it } from "vitest";
import { crash, hasChromium } from "./chromium.ts";
import {
  BROKE_OFF,
  begin,
  close,
  inWorld,
  makePath,
  numbersOf,
  type Path,
  record,
  upTo,
  type World,
} from "./world.ts";

describe.skipIf(!hasChromium)("storage that fails, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  /** Runs `use` with a context and a path of its own. */
  async function inContext(use: (context: BrowserContext, path: Path) => Promise<void>) {
    const path = await makePath(world);
    const context = await browser.newContext();
    await use(context, path);
    await context.close();
    await path.stop();
  }

  it(
    "a full quota is told, nothing is called durable, and events go on from memory until there is room",
    () =>
      inContext(async (context, path) => {
        const page = await context.newPage();
        await page.goto(world.site.origin);
        const session = await context.newCDPSession(page);
        const { origin } = world.site;
        // Before the first write: the browser remembers for a while how much room there was.
        await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100_000 });
        const epoch = await begin(page, world, { endpoint: path.endpoint, backoffMaxMs: 1_000 });
        await record(page, 20);
        await page.waitForFunction(() => told.durable.at(-1) === 21);
        await record(page, 20, 20, 10_000);
        await page.waitForFunction(() => told.errors.includes("storage_degraded"));
        expect(await page.evaluate(() => telemetry.stats().waitingEvents)).toBeGreaterThan(0);
        const before = await page.evaluate(() => told.durable.at(-1)!);
        expect(before).toBeLessThan(41);
        await path.start();
        await expect
          .poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 })
          .toEqual(upTo(40));
        expect(await page.evaluate(() => told.durable.at(-1)!)).toBe(before);
        await session.send("Storage.overrideQuotaForOrigin", { origin });
        await record(page, 20, 40);
        await page.waitForFunction(() => told.durable.at(-1)! >= 61, undefined, { timeout: 70_000 });
        expect(await close(page)).toMatchObject({ durable: true, delivered: true });
        const { epochs, duplicates } = await path.verdicts();
        expect(duplicates).toBe(0);
        expect(epochs.get(epoch)).toMatchObject({ verdict: "COMPLETE", events: 60, dropped: 0 });
      }),
    100_000,
  );

  it.each([
    ["missing", () => Object.defineProperty(globalThis, "indexedDB", { value: undefined })],
    [
      "forbidden",
      () => {
        IDBFactory.prototype.open = () => {
          throw new DOMException("denied", "SecurityError");
        };
      },
    ],
  ])(
    "IndexedDB that is %s is told, nothing is called durable, and events are delivered from memory",
    (_, breakIt) =>
      inContext(async (context, path) => {
        await path.start();
        await context.addInitScript(breakIt);
        const page = await context.newPage();
        await begin(page, world, { endpoint: path.endpoint });
        expect(await page.evaluate(() => telemetry.ready)).toEqual({ durable: false });
        await record(page, 20);
        expect(await close(page)).toMatchObject({ durable: false, delivered: true });
        expect(await page.evaluate(() => told)).toMatchObject({ durable: [], errors: ["storage_degraded"] });
        expect(numbersOf(await path.verdicts())).toEqual(upTo(20));
      }),
  );

  it("a page without an origin, whose storage the browser refuses, delivers from memory and says so", () =>
    inContext(async (context, path) => {
      await path.start({ corsOrigins: ["*"] });
      const page = await context.newPage();
      await page.goto(`${world.site.origin}/sandboxed`);
      await begin(page, world, { endpoint: path.endpoint });
      await record(page, 20);
      expect(await close(page)).toMatchObject({ durable: false, delivered: true });
      expect(await page.evaluate(() => told)).toMatchObject({ durable: [], errors: ["storage_degraded"] });
      expect(numbersOf(await path.verdicts())).toEqual(upTo(20));
    }));

  it("a connection that dies under way is opened again, and everything stays durable", () =>
    inContext(async (context, path) => {
      await context.addInitScript(() => {
        const { open } = IDBFactory.prototype;
        const handles: IDBDatabase[] = [];
        IDBFactory.prototype.open = function (...parameters) {
          const request = open.apply(this, parameters);
          request.addEventListener("success", () => handles.push(request.result));
          return request;
        };
        Object.assign(globalThis, { handles });
      });
      const page = await context.newPage();
      const epoch = await begin(page, world, { endpoint: path.endpoint });
      for (let round = 0; round < 5; round++) {
        await record(page, 20, round * 20);
        await page.evaluate(() => {
          // From here on every transaction on it throws InvalidStateError, for ever.
          for (const handle of (globalThis as unknown as { handles: IDBDatabase[] }).handles) handle.close();
        });
        await page.waitForFunction((seq) => told.durable.at(-1) === seq, 21 + round * 20);
      }
      expect(await page.evaluate(() => told.errors.filter((code) => code !== "relay_unreachable"))).toEqual(
        [],
      );
      await crash(page);
      await path.start();
      const next = await context.newPage();
      await begin(next, world, { endpoint: path.endpoint });
      await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(100));
      await close(next);
      expect((await path.verdicts()).epochs.get(epoch)).toMatchObject(BROKE_OFF);
    }));

  it("storage that is cleared under a running page costs nothing that was not sent yet and is in memory", () =>
    inContext(async (context, path) => {
      const page = await context.newPage();
      const epoch = await begin(page, world, { endpoint: path.endpoint });
      await record(page, 20);
      await page.waitForFunction(() => told.durable.at(-1) === 21);
      const session = await context.newCDPSession(page);
      await session.send("Storage.clearDataForOrigin", { origin: world.site.origin, storageTypes: "all" });
      await record(page, 20, 20);
      await page.waitForFunction(() => told.durable.at(-1) === 41);
      await path.start();
      expect(await close(page)).toMatchObject({ durable: true, delivered: true });
      const { epochs, duplicates } = await path.verdicts();
      expect(duplicates).toBe(0);
      expect(epochs.get(epoch)).toMatchObject({ verdict: "COMPLETE", events: 40 });
    }));

  it("storage that is cleared after its page died leaves an epoch that is UNPROVEN, never COMPLETE", () =>
    inContext(async (context, path) => {
      await path.start();
      const page = await context.newPage();
      const epoch = await begin(page, world, { endpoint: path.endpoint });
      await record(page, 20);
      expect(await page.evaluate(() => telemetry.flush())).toMatchObject({ delivered: true });
      await path.stop();
      await record(page, 20, 20);
      await page.waitForFunction(() => told.durable.at(-1) === 41);
      await crash(page);
      const next = await context.newPage();
      await next.goto(`${world.site.origin}/elsewhere`);
      const session = await context.newCDPSession(next);
      await session.send("Storage.clearDataForOrigin", { origin: world.site.origin, storageTypes: "all" });
      await path.start();
      await next.goto(world.site.origin);
      await begin(next, world, { endpoint: path.endpoint });
      expect(await close(next)).toMatchObject({ delivered: true });
      const { epochs } = await path.verdicts();
      expect(epochs.get(epoch)).toMatchObject({ verdict: "UNPROVEN", end: "unknown", events: 20 });
    }));

  it("off the record, events outlive their page, and nothing outlives the last window", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const page = await context.newPage();
    await begin(page, world, { endpoint: path.endpoint });
    await record(page, 20);
    await page.waitForFunction(() => told.durable.at(-1) === 21);
    await crash(page);
    await path.start();
    const next = await context.newPage();
    await begin(next, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(20));
    await context.close();
    const after = await browser.newContext();
    const last = await after.newPage();
    await last.goto(world.site.origin);
    expect(await last.evaluate(() => indexedDB.databases())).toEqual([]);
    await after.close();
    await path.stop();
  });
});
