import type { Browser, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { crash, hasChromium } from "./chromium.ts";
import { begin, close, inWorld, makePath, numbersOf, type World } from "./world.ts";

const CANARY = "canary-5c1e";

const recordCanaries = (page: Page, count: number) =>
  page.evaluate(
    ([text, length]) => {
      for (let n = 0; n < length; n++) telemetry.record("tick", { n, text });
    },
    [CANARY, count] as const,
  );

/** How many values of all databases hold the canary, read with nothing but the browser's own interface. */
const valuesWithCanary = (page: Page) =>
  page.evaluate(async (text) => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.addEventListener("success", () => resolve(request.result));
        request.addEventListener("error", () => reject(request.error));
      });
    let found = 0;
    for (const { name } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name!));
      for (const store of database.objectStoreNames) {
        const values: unknown[] = await done(database.transaction(store).objectStore(store).getAll());
        for (const value of values) {
          if (new TextDecoder("latin1").decode(value as Uint8Array).includes(text)) found++;
        }
      }
      database.close();
    }
    return found;
  }, CANARY);

describe.skipIf(!hasChromium)("withdrawn consent, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  it("leaves nothing of an event in the database, of this tab or of one that died, and the stream says what went", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const dying = await context.newPage();
    const first = await begin(dying, world, { endpoint: path.endpoint });
    await recordCanaries(dying, 200);
    await dying.waitForFunction(() => told.durable.at(-1) === 201);
    await crash(dying);
    const page = await context.newPage();
    const second = await begin(page, world, { endpoint: path.endpoint });
    await recordCanaries(page, 100);
    await page.waitForFunction(() => told.durable.at(-1)! >= 101);
    await recordCanaries(page, 10);
    expect(await valuesWithCanary(page)).toBeGreaterThan(1);

    const denied = await page.evaluate(async () => {
      const changed = telemetry.setConsent("denied");
      const late = telemetry.record("tick", { text: "late" });
      return [await changed, late];
    });
    expect(denied).toMatchObject([{ complete: true }, { status: "dropped", reason: "consent" }]);
    expect(await valuesWithCanary(page)).toBe(0);

    await path.start();
    expect(await close(page)).toMatchObject({ delivered: true, pendingEvents: 0 });
    const verdicts = await path.verdicts();
    expect(verdicts.events).toEqual([]);
    expect(verdicts.epochs.get(first)).toMatchObject({ verdict: "UNPROVEN", end: "named", dropped: 200 });
    expect(verdicts.epochs.get(second)).toMatchObject({ verdict: "COMPLETE", dropped: 110 });
    await context.close();
    await path.stop();
  });

  it("reaches what a tab leaves behind that dies later", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const dying = await context.newPage();
    const first = await begin(dying, world, { endpoint: path.endpoint });
    await recordCanaries(dying, 100);
    await dying.waitForFunction(() => told.durable.at(-1) === 101);
    const page = await context.newPage();
    await begin(page, world, { endpoint: path.endpoint, consent: "denied" });
    // It is not ours to purge while its tab lives.
    expect(await valuesWithCanary(page)).toBeGreaterThan(0);
    await crash(dying);
    await expect.poll(() => valuesWithCanary(page), { timeout: 30_000 }).toBe(0);
    await path.start();
    expect(await close(page)).toMatchObject({ delivered: true });
    const { events, epochs } = await path.verdicts();
    expect(events).toEqual([]);
    expect(epochs.get(first)).toMatchObject({ verdict: "UNPROVEN", end: "named", dropped: 100 });
    await context.close();
    await path.stop();
  });

  it("reaches what damage has made unreadable", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const dying = await context.newPage();
    const first = await begin(dying, world, { endpoint: path.endpoint });
    for (const through of [51, 101, 151]) {
      await recordCanaries(dying, 50);
      await dying.waitForFunction((seq) => told.durable.at(-1) === seq, through);
    }
    // One bit of the checksum of the second commit, behind which everything stands as it was.
    await dying.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open("tonearm");
        request.addEventListener("success", () => resolve(request.result));
      });
      const transaction = database.transaction(database.objectStoreNames[0]!, "readwrite");
      const store = transaction.objectStore(database.objectStoreNames[0]!);
      const cursor = store.openCursor(IDBKeyRange.bound([telemetry.epoch, 52], [telemetry.epoch, 52, []]));
      cursor.addEventListener("success", () => {
        const value = cursor.result?.value as Uint8Array | undefined;
        if (!value) return;
        value[0]! ^= 1;
        cursor.result!.update(value);
      });
      await new Promise((resolve) => transaction.addEventListener("complete", resolve));
      database.close();
    });
    await crash(dying);
    const page = await context.newPage();
    await begin(page, world, { endpoint: path.endpoint, consent: "denied" });
    expect(await valuesWithCanary(page)).toBe(0);
    await path.start();
    expect(await close(page)).toMatchObject({ delivered: true });
    const { epochs } = await path.verdicts();
    expect(epochs.get(first)).toMatchObject({ missing: [], dropped: 150, events: 0 });
    await context.close();
    await path.stop();
  });

  it("that is pending keeps events in memory: no database, no request, and all of it once it is granted", async () => {
    const path = await makePath(world);
    await path.start();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(world.site.origin);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const databases = await page.evaluate(async (endpoint) => {
      globalThis.telemetry = createTelemetry({ device: "d1", endpoint, consent: "pending" });
      for (let n = 0; n < 100; n++) telemetry.record("tick", { n });
      document.dispatchEvent(new Event("visibilitychange"));
      dispatchEvent(new Event("online"));
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return indexedDB.databases();
    }, path.endpoint);
    expect([databases, requests]).toEqual([[], []]);
    await page.evaluate(() => telemetry.setConsent("granted"));
    expect(await close(page)).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
    expect(numbersOf(await path.verdicts())).toEqual(Array.from({ length: 100 }, (_, n) => n));
    await context.close();
    await path.stop();
  });
});
