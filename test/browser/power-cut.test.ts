import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { chosenFactor, tally } from "@tonearm/sdk/testing";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp } from "../support/devices.ts";
import { makeMedium } from "../support/medium.ts";
import { hasChromium, killBrowser, launchProfile } from "./chromium.ts";
import {
  begin,
  makePath,
  makeWorld,
  numbersOf,
  type Path,
  record,
  relax,
  upTo,
  type World,
} from "./world.ts";

/** Power cuts, and kills; a soak does more. */
const TRIALS = Math.max(1, Math.round(5 * chosenFactor()));
/** Commits before each end, or a few more. */
const COMMITS = 12;

const medium = hasChromium ? await makeMedium() : undefined;

/** An init script: the browser never has a reason to begin another log. */
function keepLog(): void {
  const { open } = indexedDB;
  indexedDB.deleteDatabase = () => open.call(indexedDB, "tonearm");
}

/** How many frames of earlier lives are still in the database: what a relay has accepted is deleted. */
async function othersLeft(): Promise<number> {
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.addEventListener("success", () => resolve(request.result));
      request.addEventListener("error", () => reject(request.error));
    });
  const database = await done(indexedDB.open("tonearm"));
  const keys = await done(database.transaction("frames").objectStore("frames").getAllKeys());
  database.close();
  return (keys as [epoch: string, at: number][]).filter(([epoch, at]) => epoch !== telemetry.epoch && at > 0)
    .length;
}

describe.skipIf(!medium)("a browser on an ext4 of its own, in Chromium", () => {
  let world: World;
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterAll(async () => {
    await world?.close();
    await medium?.unmountWhenFree();
    await cleanUp();
  });

  /** A browser with a profile on the medium, which recorded before: what it had left is in the stream when this resolves. */
  async function comeBack(
    profile: string,
    path: Path,
    before: () => void = () => undefined,
  ): Promise<[BrowserContext, Page]> {
    await path.start();
    const context = await launchProfile(profile);
    const page = await context.newPage();
    await page.addInitScript(before);
    await begin(page, world, { endpoint: path.endpoint, commitIntervalMs: 10 });
    await expect.poll(() => page.evaluate(othersLeft), { timeout: 30_000 }).toBe(0);
    await path.stop();
    return [context, page];
  }

  /** Records from number `first` on while no relay is there, until some are called durable; returns the number of the next. */
  async function recordDurably(page: Page, first: number): Promise<number> {
    const next = first + COMMITS + (first % 5);
    for (let n = first; n < next; n++) {
      await record(page, 1, n);
      await page.waitForFunction(() => told.durable.at(-1) === telemetry.stats().lastSeq);
    }
    return next;
  }

  /**
   * Lives through `end` `trials` times, each time after `before` was run in the page; returns the numbers of the events that were called durable and
   * are not in the stream.
   */
  async function lostOf(
    end: (context: BrowserContext) => Promise<void>,
    trials: number,
    before: () => void = () => undefined,
  ) {
    const path = await makePath(world);
    const profile = join(medium!.path, randomUUID());
    mkdirSync(profile);
    let next = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [context, page] = await comeBack(profile, path, before);
      next = await recordDurably(page, next);
      await end(context);
    }
    const [context] = await comeBack(profile, path);
    await context.close();
    const found = new Set(numbersOf(await path.verdicts()));
    return upTo(next).filter((n) => !found.has(n));
  }

  /** Kills the browser, and leaves its log as a power cut may: longer by what was never written, which reads as zeros. */
  async function killWithZeros(context: BrowserContext): Promise<void> {
    await killBrowser(context);
    const logs = await readdir(medium!.path, { recursive: true });
    for (const log of logs.filter((name) => /\.indexeddb\.leveldb\/\d+\.log$/.test(name))) {
      await appendFile(join(medium!.path, log), new Uint8Array(100));
    }
  }

  async function powerCut(context: BrowserContext): Promise<void> {
    const cut = await medium!.knife();
    await cut();
    await killBrowser(context);
    await medium!.unmountWhenFree();
    medium!.mount();
  }

  it.each([
    ["the power is cut", powerCut],
    ["it is killed", killBrowser],
  ])(
    "that has called events durable brings all of them into the stream after %s",
    async (_, end) => {
      expect(await lostOf(end, TRIALS)).toEqual([]);
      tally(TRIALS);
    },
    3_600_000,
  );

  it("loses them with the power when transactions are relaxed, as they are unless told: the control", async () => {
    expect(await lostOf(powerCut, 1, relax)).not.toEqual([]);
  }, 300_000);

  it("keeps what comes after a power cut although the browser writes on behind the zeros that one left", async () => {
    expect(await lostOf(killWithZeros, 2)).toEqual([]);
  }, 300_000);

  it("would not keep it without beginning another log: the control", async () => {
    expect(await lostOf(killWithZeros, 2, keepLog)).not.toEqual([]);
  }, 300_000);
});
