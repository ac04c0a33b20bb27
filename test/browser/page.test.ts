import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { freePort } from "../support/ports.ts";
import { crash, hasChromium } from "./chromium.ts";
import { BROKE_OFF, begin, close, inWorld, makePath, numbersOf, record, upTo, type World } from "./world.ts";

/** Hands requests on to `target`, and withholds the answers to batches until it is opened. */
async function withholdingProxy(target: string) {
  let withheld = 0;
  let isOpen = false;
  const passOn = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", headers, url } = request;
    const body = Buffer.concat(await request.toArray());
    const passed = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name)) as [string, string][];
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: passed,
      ...(method === "POST" && { body }),
    });
    const text = await answer.text();
    if (method === "POST" && !isOpen) {
      withheld++;
      return;
    }
    const kept = [...answer.headers].filter(([name]) => !HOP_BY_HOP.test(name));
    response.writeHead(answer.status, Object.fromEntries(kept)).end(text);
  };
  const server = createServer((request, response) => {
    passOn(request, response).catch(() => response.destroy());
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    withheld: () => withheld,
    open: () => {
      isOpen = true;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Headers that belong to one connection, or to the body as it was framed on it. */
const HOP_BY_HOP = /^(host|connection|content-length|keep-alive|transfer-encoding|date)$/;

describe.skipIf(!hasChromium)("a page that is hidden, left and restored, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  const visible = (page: Page) =>
    page.addInitScript(() =>
      addEventListener("pageshow", ({ persisted }) => Object.assign(globalThis, { restored: persisted })),
    );

  it("delivers 50 events on its way out, without being opened again", async () => {
    const path = await makePath(world);
    await path.start();
    const page = await browser.newPage();
    const epoch = await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 60_000 });
    await record(page, 50);
    await page.goto("about:blank");
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 10_000 }).toEqual(upTo(50));
    const { duplicates, epochs } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(epoch)).toMatchObject({ verdict: "UNPROVEN", end: "unknown" });
    await page.context().close();
    await path.stop();
  });

  it("delivers nothing on its way out when it is not told that it is left, which shows what the test above tests", async () => {
    const path = await makePath(world);
    await path.start();
    const page = await browser.newPage();
    await page.addInitScript(() => {
      for (const type of ["pagehide", "visibilitychange"])
        addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    });
    await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 60_000 });
    await record(page, 50);
    await page.goto("about:blank");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(numbersOf(await path.verdicts())).toEqual([]);
    await page.context().close();
    await path.stop();
  });

  it("that is left in the middle of a request, whose answer nobody hears, is sent again and stands once in the stream", async () => {
    const path = await makePath(world);
    const relay = await path.start();
    const proxy = await withholdingProxy(relay.url);
    const context = await browser.newContext();
    const page = await context.newPage();
    const epoch = await begin(page, world, { endpoint: proxy.url, flushIntervalMs: 50 });
    await record(page, 100);
    await expect.poll(proxy.withheld, { timeout: 10_000 }).toBeGreaterThan(0);
    await page.goto("about:blank");
    await page.close();
    proxy.open();
    const next = await context.newPage();
    await begin(next, world, { endpoint: proxy.url, flushIntervalMs: 200 });
    await expect
      .poll(async () => (await path.verdicts()).epochs.get(epoch), { timeout: 20_000 })
      .toMatchObject(BROKE_OFF);
    await close(next);
    const verdicts = await path.verdicts();
    expect(numbersOf(verdicts)).toEqual(upTo(100));
    expect(verdicts.duplicates).toBe(0);
    await context.close();
    proxy.close();
    await path.stop();
  });

  it("that goes into the back/forward cache comes back out of it, and records on in its epoch", async () => {
    const path = await makePath(world);
    await path.start();
    const page = await browser.newPage();
    await visible(page);
    const epoch = await begin(page, world, { endpoint: path.endpoint });
    await record(page, 20);
    await page.waitForFunction(() => told.durable.at(-1) === 21);
    await page.goto(`${world.site.origin}/elsewhere`);
    await page.goBack({ waitUntil: "commit" });
    expect(await page.evaluate(() => (globalThis as unknown as { restored: boolean }).restored)).toBe(true);
    expect(await page.evaluate(() => telemetry.epoch)).toBe(epoch);
    await record(page, 20, 20);
    await page.waitForFunction(() => told.durable.at(-1) === 42);
    expect(await close(page)).toMatchObject({ durable: true, delivered: true });
    const verdicts = await path.verdicts();
    expect(numbersOf(verdicts)).toEqual(upTo(40));
    expect(verdicts.duplicates).toBe(0);
    expect(verdicts.epochs.get(epoch)?.verdict).toBe("COMPLETE");
    await page.context().close();
    await path.stop();
  });

  it("that is taken for dead while it is in there, and comes back, has no known end before it ends again", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const page = await context.newPage();
    await visible(page);
    const epoch = await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 200 });
    await record(page, 20);
    await page.waitForFunction(() => told.durable.at(-1) === 21);
    await page.goto(`${world.site.origin}/elsewhere`);
    const heir = await context.newPage();
    await path.start();
    await begin(heir, world, { endpoint: path.endpoint, flushIntervalMs: 200 });
    const end = async () => (await path.verdicts()).epochs.get(epoch)?.end;
    await expect.poll(end, { timeout: 20_000 }).toBe("named");
    await page.goBack({ waitUntil: "commit" });
    expect(await page.evaluate(() => (globalThis as unknown as { restored: boolean }).restored)).toBe(true);
    await record(page, 20, 20);
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(40));
    expect(await end()).toBe("unknown");
    await crash(page);
    await expect.poll(end, { timeout: 30_000 }).toBe("named");
    const { epochs, duplicates } = await path.verdicts();
    expect(epochs.get(epoch)).toMatchObject(BROKE_OFF);
    expect(duplicates).toBe(0);
    await context.close();
    await path.stop();
  });

  it("whose clock jumps ten years ahead and back delivers everything once and in order", async () => {
    const path = await makePath(world);
    const page = await browser.newPage();
    await page.addInitScript(() => {
      const { now } = Date;
      Object.assign(globalThis, { jumpMs: 0 });
      Date.now = () => now() + (globalThis as unknown as { jumpMs: number }).jumpMs;
    });
    const epoch = await begin(page, world, { endpoint: path.endpoint });
    const jumps = [0, 10, -10].map((years) => years * 365.25 * 86_400_000);
    for (const [i, jumpMs] of jumps.entries()) {
      await page.evaluate((ms) => Object.assign(globalThis, { jumpMs: ms }), jumpMs);
      await record(page, 20, i * 20);
    }
    await path.start();
    expect(await close(page)).toMatchObject({ delivered: true });
    const { events, duplicates, epochs } = await path.verdicts();
    const inOrder = events.toSorted((a, b) => Number(a.seq) - Number(b.seq));
    expect(inOrder.map(({ n }) => n)).toEqual(upTo(60));
    const years = inOrder.map(({ time_ms }) => new Date(time_ms as number).getUTCFullYear());
    expect([years[20]! - years[0]!, years[0]! - years[40]!]).toEqual([10, 10]);
    expect(duplicates).toBe(0);
    expect(epochs.get(epoch)?.verdict).toBe("COMPLETE");
    await page.context().close();
    await path.stop();
  });
});
