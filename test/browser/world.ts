/** What the tests in Chromium share: a Kinesis, streams, relays, a site, and what pages are told to do. */
import type { Telemetry, TelemetryOptions } from "@tonearm/sdk";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { freePort } from "../support/ports.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { type Verdicts, verdictsOf } from "../support/verdicts.ts";
import { launchBrowser } from "./chromium.ts";
import { type Site, serveSite } from "./site.ts";

declare global {
  var createTelemetry: (options: TelemetryOptions) => Telemetry;
  var telemetry: Telemetry;
  var told: { readonly durable: number[]; readonly errors: string[]; readonly drops: number[] };
}

export interface World {
  readonly kinesis: KinesisServer;
  readonly site: Site;
  close(): Promise<void>;
}

/** Makes a world and a browser before the tests of a `describe`, hands them to `use`, and ends both after the tests. */
export function inWorld(use: (world: World, browser: Browser) => void): void {
  let world: World | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    [world, browser] = await Promise.all([makeWorld(), launchBrowser()]);
    use(world, browser);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });
}

export async function makeWorld(): Promise<World> {
  const [kinesis, site] = await Promise.all([startServer("kinesalite"), serveSite()]);
  const close = async () => {
    await site.close();
    await kinesis.stop();
  };
  return { kinesis, site, close };
}

/** A stream, and a relay in front of it that can be away at first. */
export interface Path {
  readonly endpoint: string;
  /** Starts the relay; `options` are those of its configuration. */
  start(options?: Readonly<Record<string, unknown>>): Promise<TestRelay>;
  stop(): Promise<void>;
  verdicts(): Promise<Verdicts>;
}

/** @param onPort where the relay will be; a free one by default. */
export async function makePath({ kinesis, site }: World, onPort?: number): Promise<Path> {
  const stream = await freshStream(kinesis, 2);
  const port = onPort ?? (await freePort());
  let relay: TestRelay | undefined;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async start(options = {}) {
      relay = await startTestRelay(kinesis, stream, { port, corsOrigins: [site.origin], ...options });
      return relay;
    },
    async stop() {
      await relay?.stop();
      relay = undefined;
    },
    verdicts: () => verdictsOf(kinesis.client, stream),
  };
}

/** Opens the site in a page and begins recording there. */
export async function begin(
  page: Page,
  { site }: World,
  options: Pick<TelemetryOptions, "endpoint"> & Partial<TelemetryOptions>,
): Promise<string> {
  if (page.url() === "about:blank") await page.goto(site.origin);
  return page.evaluate((given) => {
    const telemetry = createTelemetry({ device: "d1", ...given });
    const told = { durable: [] as number[], errors: [] as string[], drops: [] as number[] };
    telemetry.on("durable", ({ throughSeq }) => told.durable.push(throughSeq));
    telemetry.on("error", ({ code }) => told.errors.push(code));
    telemetry.on("drop", ({ fromSeq, toSeq }) => told.drops.push(fromSeq, toSeq));
    Object.assign(globalThis, { telemetry, told });
    return telemetry.ready.then(() => telemetry.epoch);
  }, options);
}

/** Records `count` events, numbered from `from` on, each with `padding` characters more. */
export function record(page: Page, count: number, from = 0, padding = 0): Promise<void> {
  return page.evaluate(
    ([first, length, more]) => {
      for (let n = first; n < first + length; n++) telemetry.record("tick", { n, pad: "x".repeat(more) });
    },
    [from, count, padding] as const,
  );
}

/** An init script: makes every transaction relaxed, as browsers do by themselves. */
export function relax(): void {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode) {
    return transaction.call(this, names, mode, { durability: "relaxed" });
  };
}

/** Ends the epoch in order. */
export const close = (page: Page, timeoutMs = 20_000) =>
  page.evaluate((timeout) => telemetry.close({ timeoutMs: timeout }), timeoutMs);

/** Of an epoch whose owner died: everything that was durable is there, and another epoch says where it ended. */
export const BROKE_OFF = { verdict: "UNPROVEN", end: "named", missing: [], duplicates: 0 };

/** The numbers of the events in the stream, each once, ascending. */
export const numbersOf = ({ events }: Verdicts): number[] =>
  events.map(({ n }) => n as number).toSorted((a, b) => a - b);

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
