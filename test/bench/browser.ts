/**
 * The SDK in headless Chromium beside clients that people would use instead, with default options: the plays of `pnpm bench sdk`
 * in one synchronous loop of a page, to the same receiver. Every run has a fresh browser; its CPU time is that of all its
 * processes, until nothing more has come for a while.
 *
 *   pnpm bench browser [--runs 5] [--events 100000] [--only tonearm,posthog]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../browser/chromium.ts";
import { serveSite } from "../browser/site.ts";
import { bundleOf, IN_PAGE, type InPage } from "./browser/bundles.ts";
import type { StartInPage } from "./browser/in-page.ts";
import { type Receiver, startReceiver } from "./sdk/children.ts";
import type { Plays } from "./sdk/contender.ts";
import { makePlays } from "./sdk/plays.ts";

/** What the benchmark and a client's bundle have put into the page. */
interface PageGlobals {
  readonly plays: Plays;
  readonly start: StartInPage;
}

/** Whatever a client does by itself, nothing of it may leave this machine. */
const LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
/** A client that sends nothing for so long is done; one that goes on for longer than that is not waited for. */
const STILL_MS = 10_000;
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    runs: { type: "string", default: "5" },
    events: { type: "string", default: "100000" },
    only: { type: "string", default: IN_PAGE.join(",") },
  },
});
const names = values.only.split(",") as InPage[];
for (const name of names) {
  if (!IN_PAGE.includes(name))
    throw new Error(`--only has "${name}", expected some of ${IN_PAGE.join(", ")}`);
}
const plays = makePlays(Number(values.events));
const site = await serveSite();
const bundles = new Map(await Promise.all(names.map(async (name) => [name, await bundleOf(name)] as const)));

type Sample = Readonly<Record<(typeof COLUMNS)[number], number>>;
const COLUMNS = [
  "delivered",
  "duplicates",
  "µs in record()",
  "µs CPU per delivered",
  "B of body per event",
  "events per request",
  "s until the last came",
  "kB of its bundle, gzipped",
] as const;

const samples = new Map<InPage, Sample[]>(names.map((name) => [name, []]));
for (let run = 0; run < Number(values.runs); run++) {
  // Turn and turn about, and nobody always behind the same neighbour.
  for (let i = 0; i < names.length; i++) {
    const name = names[(i + run) % names.length]!;
    samples.get(name)!.push(await measure(name));
    console.error(`run ${run + 1} of ${values.runs}: ${name}`);
  }
}
await site.close();
console.log(`${values.events} events in one synchronous loop, ${values.runs} runs: median (p10–p90)\n`);
row(["", ...names]);
row(["---", ...names.map(() => "---")]);
for (const column of COLUMNS) {
  row([column, ...names.map((name) => spread(samples.get(name)!.map((sample) => sample[column])))]);
}

async function measure(name: InPage): Promise<Sample> {
  const { script, gzippedBytes } = bundles.get(name)!;
  const receiver = await startReceiver();
  const browser = await launchBrowser(LOOPBACK_ONLY);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.origin}/elsewhere`);
    await page.addScriptTag({ content: script });
    await page.evaluate((given) => Object.assign(globalThis, { plays: given }), plays);
    const before = await cpuSeconds(browser);
    const beganMs = Date.now();
    // A client that brings its page down has delivered what came until then.
    const syncMs = await burst(page, receiver.url).catch(() => Number.NaN);
    await stillness(receiver);
    const cpu = (await cpuSeconds(browser)) - before;
    const { delivered, duplicates, missing, bodyBytes, requests, lastMs } = await receiver.report();
    if (missing > 0) throw new Error(`${missing} numbers of an epoch of ${name} did not come`);
    return {
      delivered,
      duplicates,
      "µs in record()": (syncMs * 1_000) / Number(values.events),
      "µs CPU per delivered": (cpu * 1e6) / delivered,
      "B of body per event": bodyBytes / delivered,
      "events per request": delivered / requests,
      "s until the last came": (lastMs - beganMs) / 1_000,
      "kB of its bundle, gzipped": gzippedBytes / 1_000,
    };
  } finally {
    await browser.close();
    receiver.stop();
  }
}

/** Records all plays in the page, lets the client finish, and tells how long the loop took. */
function burst(page: Page, endpoint: string): Promise<number> {
  return page.evaluate(async (url) => {
    const { start, plays: given } = globalThis as unknown as PageGlobals;
    const { templates, startedAt, endedAt } = given;
    const client = await start(url);
    const beganMs = performance.now();
    for (let at = 0; at < startedAt.length; at++) {
      const times = { started_at: startedAt[at]!, ended_at: endedAt[at]! };
      client.record({ ...templates[at % templates.length], ...times });
    }
    const syncMs = performance.now() - beganMs;
    await client.finish();
    return syncMs;
  }, endpoint);
}

/** Waits until nothing more comes. */
async function stillness(receiver: Receiver): Promise<void> {
  let before = -1;
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += STILL_MS) {
    const requests = await receiver.requests();
    if (requests === before) return;
    before = requests;
    await sleep(STILL_MS);
  }
}

/** What all processes of the browser have computed so far. */
async function cpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function spread(given: readonly number[]): string {
  const sorted = given.toSorted((a, b) => a - b);
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => {
    const value = sorted[Math.round((sorted.length - 1) * share)]!;
    return value >= 1_000 ? value.toFixed(0) : String(Math.round(value * 10) / 10);
  });
  return low === high ? median! : `${median} (${low}–${high})`;
}
