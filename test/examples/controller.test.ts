import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchBrowser } from "../browser/chromium.ts";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { ROOT } from "../support/processes.ts";
import { verdictsOf } from "../support/verdicts.ts";

const SERVE = join(ROOT, "sdk/examples/controller/serve.ts");

/** Runs what `pnpm example` runs, and resolves with the page's address. */
async function startExample(...args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ["--conditions=source", SERVE, "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the example ended with ${code} before it served`);
  });
  const line = once(createInterface({ input: child.stdout }), "line").then(([text]) => String(text));
  const url = (await Promise.race([line, ended])).replace("the controller is on ", "");
  return { child, url };
}

const children: ChildProcess[] = [];

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

/** The number under the picture. */
const count = async (page: Page, of: string): Promise<number> =>
  Number(await page.textContent(`#count-${of}`));
const PATIENCE = { timeout: 30_000 };
const untilCount = (page: Page, of: string, least: number) =>
  expect.poll(() => count(page, of), PATIENCE).toBeGreaterThanOrEqual(least);

describe.skipIf(!hasChromium)("the controller page, in Chromium (SKIPPED without Chromium)", () => {
  let server: KinesisServer;
  let browser: Browser;
  const faults: string[] = [];
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer("kinesalite"), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(children.map(end));
    await server?.stop();
    await cleanUp();
  });

  async function open(url: string, page?: Page): Promise<Page> {
    const opened = page ?? (await browser.newPage());
    if (!page) opened.on("pageerror", ({ message }) => faults.push(message));
    await opened.goto(url);
    await opened.waitForFunction("globalThis.telemetry");
    return opened;
  }

  it("plays, keeps what is recorded without a network through a reload, and delivers it once", async () => {
    const stream = await freshStream(server, 1);
    const { child, url } = await startExample("--kinesis", server.endpoint, "--stream", stream);
    const page = await open(url);
    await page.click("#toggle");
    await page.waitForFunction("document.querySelector('#elapsed').textContent !== '0:00'");
    await untilCount(page, "accepted", 3);
    expect(await page.textContent("#standing")).toBe("Everything is in the stream");
    const first = await page.evaluate<string>("telemetry.epoch");

    await page.click("#network");
    await expect.poll(() => page.textContent("#network-says"), PATIENCE).toContain("refused");
    await page.click("#next");
    await page.click("#burst");
    await untilCount(page, "durable", 102);
    await page.reload();
    await page.waitForFunction("globalThis.telemetry");
    // What the page before left: next, its play, the burst, and the play that ended with the page.
    await untilCount(page, "durable", 103);
    expect(await count(page, "accepted")).toBe(0);
    expect(await page.isChecked("#network")).toBe(false);

    await page.click("#network");
    await untilCount(page, "accepted", 103);
    const second = await page.evaluate<string>("telemetry.epoch");
    await page.click("#close");
    const verdictOf = (epoch: string) =>
      page.locator("#verdicts li", { hasText: epoch.slice(0, 8) }).textContent({ timeout: 30_000 });
    expect(await verdictOf(second)).toContain("COMPLETE");
    expect(await verdictOf(first)).toContain("all that was durable is there");
    const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
    expect(duplicates).toBe(0);
    // The first page broke off; the second one said how much of it was durable.
    expect(epochs.get(first)).toMatchObject({ verdict: "UNPROVEN", end: "named", missing: [] });
    expect(epochs.get(second)).toMatchObject({ verdict: "COMPLETE", missing: [] });
    const counts = Object.groupBy(events, ({ type }) => String(type));
    expect(counts.press).toHaveLength(102);
    expect(counts.source).toHaveLength(1);
    expect(counts.play?.map(({ reason_end }) => reason_end).toSorted()).toEqual(["endplay", "fwdbtn"]);
    expect(faults).toEqual([]);
    await page.context().close();
    await end(child);
  });

  it("starts with a Kinesis of its own, audits it, and purges when consent is denied", async () => {
    const { child, url } = await startExample("--directory", await freshDirectory());
    const page = await open(url);
    await page.click("#burst");
    await untilCount(page, "accepted", 101);
    await page.click("#audit");
    const verdict = page.locator("#verdicts li").first();
    await expect.poll(() => verdict.textContent(), PATIENCE).toMatch(/UNPROVEN/);
    await page.click("#network");
    await expect.poll(() => page.textContent("#network-says"), PATIENCE).toContain("refused");
    await page.click("#burst");
    await untilCount(page, "durable", 100);
    await page.click("text=Denied");
    // What is left is the declaration.
    await expect.poll(() => count(page, "durable"), PATIENCE).toBeLessThanOrEqual(2);
    expect(await page.textContent("#standing")).toContain("nothing is recorded");
    expect(await page.evaluate("telemetry.stats().dropped")).toEqual({ consent: 100 });
    expect(faults).toEqual([]);
    await page.context().close();
    await end(child);
  });
});
