import { MEDIA_NDJSON } from "@tonearm/sdk/wire";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium } from "./chromium.ts";
import { inWorld, makePath, type Path, type World } from "./world.ts";

const EVENTS = 40;
const SPOOL = {
  batches: 12,
  bytes: 100,
  bytes_max: 1_000,
  oldest_age_ms: 90_000,
  damaged_batches: 0,
  unusable_files: 0,
};

/** One batch of a device, as `curl` would send it. */
async function sendBatch(endpoint: string, device: string): Promise<number> {
  const head = { v: 1, device, epoch: "epoch-1", first_seq: 1, count: EVENTS };
  const lines = Array.from({ length: EVENTS }, (_, i) => ["tick", 1_763_840_940_000, i, null, { i }]);
  const body = `${[head, ...lines].map((line) => JSON.stringify(line)).join("\n")}\n`;
  const headers = { "content-type": MEDIA_NDJSON };
  const answer = await fetch(new URL("/v1/batches", endpoint), { method: "POST", headers, body });
  await answer.body?.cancel();
  return answer.status;
}

describe.skipIf(!hasChromium)("the status page, in Chromium", () => {
  let world: World;
  let browser: Browser;
  let path: Path;
  inWorld((...made) => {
    [world, browser] = made;
  });
  beforeAll(async () => {
    path = await makePath(world);
    await path.start();
  });
  afterAll(async () => {
    await path?.stop();
  });

  /** Opens the page in a window of `width`; `change` alters what the relay says of itself. */
  async function open(
    { width = 1_200, colorScheme = "light" }: { width?: number; colorScheme?: "light" | "dark" } = {},
    change?: (status: Record<string, unknown>) => object,
  ) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const complaints: string[] = [];
    const asked = new Set<string>();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => asked.add(new URL(request.url()).pathname));
    if (change) {
      await page.route("**/status.json", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: change((await answer.json()) as never) });
      });
    }
    await page.goto(path.endpoint);
    await page.waitForFunction(() => document.querySelector("#verdict")?.textContent !== "Asking the relay…");
    return { page, complaints, asked, close: () => context.close() };
  }

  const textOf = (page: Page, selector: string) => page.locator(selector).textContent();

  it("shows what the relay received and where it went, and asks for nothing but its figures", async () => {
    expect(await sendBatch(path.endpoint, "d1")).toBe(200);
    const { page, complaints, asked, close } = await open();
    const sums = await page.locator("#sums dd").allTextContents();
    expect(sums).toEqual([EVENTS, EVENTS, 0, 0, 0, 0].map(String));
    expect(await textOf(page, "#balance")).toBe("balances");
    expect(await page.getByRole("listitem", { name: /of a shard/ }).count()).toBe(2);
    await expect.poll(() => textOf(page, "#p99")).toMatch(/^99 % in /);
    expect([...asked].toSorted()).toEqual(["/", "/status.json"]);
    expect(complaints).toEqual([]);
    await close();
  });

  it.each([320, 390, 700, 1_200])("fits a window of %i pixels, light and dark", async (width) => {
    const grounds = new Set<string>();
    for (const colorScheme of ["light", "dark"] as const) {
      const { page, close } = await open({ width, colorScheme });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      grounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await close();
    }
    expect(grounds.size).toBe(2);
  });

  it.each([
    [
      "a spool in an outage",
      { circuit: "open", spool: SPOOL },
      "Kinesis takes nothing. 12 batches in the spool",
    ],
    [
      "a start in an outage",
      { circuit: "open", stream_reached: false, spool: SPOOL },
      "The stream was not reached since the start. 12 batches in the spool, the oldest for",
    ],
    [
      "a spool that cannot be read",
      { spool: { ...SPOOL, damaged_batches: 2, unusable_files: 1 } },
      "The spool is damaged: 2 batches and 1 file cannot be read.",
    ],
    ["an outage without a spool", { circuit: "open" }, "Kinesis takes nothing, and there is no spool."],
    ["a spool that empties", { spool: SPOOL }, "Kinesis is back. Still 12 batches in the spool"],
    ["a spool that fills", { spool: { ...SPOOL, bytes: 990 } }, "The spool is nearly full."],
    [
      "dead letters",
      { dead_letters: { batches: 2, bytes: 9 } },
      "2 dead letters: Kinesis refuses them for ever.",
    ],
    ["a shutdown", { stopping: true }, "Shutting down."],
  ])("says first what an operator must know of %s", async (_, change, sentence) => {
    const { page, close } = await open({}, (status) => ({ ...status, ...change }));
    expect(await page.getByRole("status").textContent()).toContain(sentence);
    await close();
  });

  it("says that the book does not balance before anything else", async () => {
    const { page, close } = await open({}, (status) => ({
      ...status,
      circuit: "open",
      book: { ...(status.book as object), imbalance: 3 },
    }));
    expect(await page.getByRole("status").textContent()).toContain("The book is off by 3 events.");
    expect(await textOf(page, "#balance")).toBe("does not balance: off by 3");
    await close();
  });

  it("says since when the relay has not answered, and goes on once it does", async () => {
    const { page, close } = await open();
    await page.route("**/status.json", (route) => route.abort());
    await page.getByText("The relay has not answered for").waitFor();
    await page.unroute("**/status.json");
    await page.getByText("Ready. Nothing is coming in just now.").waitFor();
    await close();
  });

  it("takes nothing for HTML, and runs nothing that is not its own", async () => {
    const html = "<img src=x onerror=alert(1)>";
    const load = { id: html, load: 1, bytes_per_s: 1, records_per_s: 1, throttled_per_s: 1 };
    const { page, complaints, close } = await open({}, (status) => ({
      ...status,
      stream: html,
      shard_loads: [load],
      refused_requests: { [html]: 1 },
    }));
    expect(await page.locator("img").count()).toBe(0);
    expect(await textOf(page, "#stream")).toBe(html);
    expect(complaints).toEqual([]);
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.text = "globalThis.ran = true";
        document.body.append(script);
      } catch {
        return "refused";
      }
      return "ran" in globalThis;
    });
    expect(ran).toBe("refused");
    await close();
  });
});
