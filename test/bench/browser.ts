/**
 * The SDK in headless Chromium: the plays of `pnpm bench sdk` in one synchronous loop of a page, with IndexedDB and in
 * memory, to the same receiver. Every run has a fresh browser; its CPU time is that of all its processes.
 *
 *   pnpm bench browser [--runs 5] [--events 100000]
 */
import { parseArgs } from "node:util";
import type { Telemetry } from "@tonearm/sdk";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../browser/chromium.ts";
import { serveSite } from "../browser/site.ts";
import { startReceiver } from "./sdk/children.ts";
import type { Plays } from "./sdk/contender.ts";
import { makePlays } from "./sdk/plays.ts";
import type { Received } from "./sdk/receiver.ts";

/** What the site's script and the benchmark have put into the page. */
interface PageGlobals {
  readonly plays: Plays;
  createTelemetry(options: object): Telemetry;
}

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: { runs: { type: "string", default: "5" }, events: { type: "string", default: "100000" } },
});
const plays = makePlays(Number(values.events));
const site = await serveSite();
const STORES = { IndexedDB: "tonearm", memory: false } as const;
type StoreName = keyof typeof STORES;

interface Sample extends Pick<Received, "delivered" | "duplicates" | "missing"> {
  readonly store: StoreName;
  readonly "µs in record()": number;
  readonly "µs CPU per delivered": number;
  readonly "B of body per event": number;
  readonly "s until closed": number;
}

const samples: Sample[] = [];
for (let run = 0; run < Number(values.runs); run++) {
  const names = Object.keys(STORES) as StoreName[];
  // Turn and turn about, and nobody always first.
  for (const store of run % 2 === 0 ? names : names.toReversed()) samples.push(await measure(store));
}
await site.close();
console.log(`${values.events} events in one synchronous loop, ${values.runs} runs: median (p10–p90)`);
for (const store of Object.keys(STORES) as StoreName[]) {
  const own = samples.filter((sample) => sample.store === store);
  const columns = Object.keys(own[0]!).filter((key) => key !== "store") as Exclude<keyof Sample, "store">[];
  console.log(
    store,
    Object.fromEntries(columns.map((column) => [column, spread(own.map((each) => each[column]))])),
  );
}

async function measure(store: StoreName): Promise<Sample> {
  const receiver = await startReceiver();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(site.origin);
    await page.evaluate((given) => Object.assign(globalThis, { plays: given }), plays);
    const before = await cpuSeconds(browser);
    const { syncMs, elapsedMs } = await burst(page, receiver.url, STORES[store]);
    const cpu = (await cpuSeconds(browser)) - before;
    const { delivered, duplicates, missing, bodyBytes } = await receiver.report();
    return {
      store,
      delivered,
      duplicates,
      missing,
      "µs in record()": (syncMs * 1_000) / Number(values.events),
      "µs CPU per delivered": (cpu * 1e6) / delivered,
      "B of body per event": bodyBytes / delivered,
      "s until closed": elapsedMs / 1_000,
    };
  } finally {
    await browser.close();
    receiver.stop();
  }
}

/** Records all plays in the page, closes, and tells how long the loop and everything took. */
function burst(page: Page, endpoint: string, database: string | false) {
  return page.evaluate(
    async ([url, where]) => {
      const { createTelemetry, plays: given } = globalThis as unknown as PageGlobals;
      const { templates, startedAt, endedAt } = given;
      const telemetry = createTelemetry({ endpoint: url, device: "RINCON_00DEAD0001", database: where });
      await telemetry.ready;
      const beganMs = performance.now();
      for (let at = 0; at < startedAt.length; at++) {
        const times = { started_at: startedAt[at], ended_at: endedAt[at] };
        telemetry.record("listened", { ...templates[at % templates.length], ...times });
      }
      const syncMs = performance.now() - beganMs;
      await telemetry.close({ timeoutMs: 120_000 });
      return { syncMs, elapsedMs: performance.now() - beganMs };
    },
    [endpoint, database] as const,
  );
}

/** What all processes of the browser have computed so far. */
async function cpuSeconds(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

function spread(given: readonly number[]): string {
  const sorted = given.toSorted((a, b) => a - b);
  const [low, median, high] = [0.1, 0.5, 0.9].map(
    (share) => sorted[Math.round((sorted.length - 1) * share)]!,
  );
  const text = (value: number | undefined) => String(Math.round(value! * 100) / 100);
  return `${text(median)} (${text(low)}–${text(high)})`;
}
