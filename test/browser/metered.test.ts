import type { Browser } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium } from "./chromium.ts";
import { begin, close, inWorld, makePath, numbersOf, record, upTo, type World } from "./world.ts";

describe.skipIf(!hasChromium)("a network that is paid by the byte, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  it.each([{ type: "cellular" }, { saveData: true }])(
    "such as %j, is left alone until it is another, and nothing is lost by that",
    async (connection) => {
      const path = await makePath(world);
      await path.start();
      const page = await browser.newPage();
      await page.goto(world.site.origin);
      await page.evaluate((value) => {
        Object.defineProperty(navigator, "connection", { value: { ...value }, configurable: true });
      }, connection);
      await begin(page, world, { endpoint: path.endpoint, holdBackOnMetered: true, flushIntervalMs: 50 });
      await record(page, 20);
      await page.waitForFunction(() => told.durable.at(-1) === 21);
      // Asked again twenty times, and still nothing is sent.
      await page.waitForTimeout(1_000);
      const held = await page.evaluate(() => telemetry.stats());
      expect(held).toMatchObject({ acceptedEvents: 0, sentBytes: 0, storedEvents: 21 });
      await page.evaluate(() =>
        Object.assign(Reflect.get(navigator, "connection"), { type: "wifi", saveData: false }),
      );
      await page.waitForFunction(() => telemetry.stats().acceptedEvents === 21);
      expect(await close(page)).toMatchObject({ delivered: true });
      expect(numbersOf(await path.verdicts())).toEqual(upTo(20));
      await page.close();
      await path.stop();
    },
  );

  it("does not matter while the application does not say so", async () => {
    const path = await makePath(world);
    await path.start();
    const page = await browser.newPage();
    await page.goto(world.site.origin);
    await page.evaluate(() => {
      Object.defineProperty(navigator, "connection", { value: { type: "cellular" } });
    });
    await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 50 });
    await record(page, 20);
    await page.waitForFunction(() => telemetry.stats().acceptedEvents === 21);
    await page.close();
    await path.stop();
  });
});
