import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Browser, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { freePort } from "../support/ports.ts";
import { hasChromium } from "./chromium.ts";
import { begin, close, inWorld, makePath, numbersOf, record, upTo, type World } from "./world.ts";

describe.skipIf(!hasChromium)("a relay's answers, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  /** Answers one batch with `status` and Retry-After as a relay does, and ends; then the port is free. */
  async function refuseOnce(port: number, status: number): Promise<{ readonly refused: Promise<void> }> {
    const cors = {
      "access-control-allow-origin": world.site.origin,
      "access-control-allow-headers": "content-type, content-encoding",
      "access-control-expose-headers": "retry-after, date",
    };
    let done: () => void = () => undefined;
    const refused = new Promise<void>((resolve) => {
      done = resolve;
    });
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      request.resume();
      if (request.method === "OPTIONS") {
        response.writeHead(204, cors).end();
        return;
      }
      response.writeHead(status, { ...cors, "retry-after": "3", connection: "close" });
      response.end(JSON.stringify({ code: "overloaded", message: "later" }));
      response.on("close", () => {
        server.closeAllConnections();
        server.close(() => done());
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return { refused };
  }

  /** How long the SDK said it would wait, each time, in ms. */
  const waits = (page: Page) =>
    page
      .evaluate(() => (globalThis as unknown as { lines: string[] }).lines.join("\n"))
      .then((text) => [...text.matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms)));

  it.each([503, 429])("%i with Retry-After is waited out, and costs no event of 50", async (status) => {
    const port = await freePort();
    const path = await makePath(world, port);
    const { refused } = await refuseOnce(port, status);
    const page = await browser.newPage();
    await page.addInitScript(() => {
      const lines: string[] = [];
      Object.assign(globalThis, { lines });
      console.debug = (line: string) => lines.push(line);
    });
    const epoch = await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 50, debug: true });
    await record(page, 50);
    await refused;
    await path.start();
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(50));
    const [first, ...others] = await waits(page);
    expect(first).toBeGreaterThanOrEqual(3_000);
    expect(others).toEqual([]);
    await close(page);
    const { duplicates, epochs } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(epoch)?.verdict).toBe("COMPLETE");
    await page.context().close();
    await path.stop();
  });

  it("a relay that does not know the page's origin gets nothing, and everything is kept until it does", async () => {
    const path = await makePath(world);
    await path.start({ corsOrigins: ["https://another.example.com"] });
    const page = await browser.newPage();
    await begin(page, world, { endpoint: path.endpoint, flushIntervalMs: 50, backoffMaxMs: 500 });
    await record(page, 50);
    await page.waitForFunction(() => told.errors.includes("relay_unreachable"));
    expect(numbersOf(await path.verdicts())).toEqual([]);
    await path.stop();
    await path.start();
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 20_000 }).toEqual(upTo(50));
    expect(await page.evaluate(() => told.drops)).toEqual([]);
    await page.context().close();
    await path.stop();
  });
});
