import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchBrowser } from "../browser/chromium.ts";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { execute } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";
import { type Bundler, serveWithVite, withEsbuild, withVite, withWebpack } from "./bundlers.ts";
import { type PackedApp, packedApp, succeeded } from "./packed-app.ts";

const BUNDLERS: readonly (readonly [name: string, bundler: Bundler])[] = [
  ["vite", withVite],
  ["webpack", withWebpack("web")],
  ["esbuild", withEsbuild],
  // What Electron's pages get. Electron itself is a download that a test cannot make, and was not tried.
  ["webpack-for-electron-renderer", withWebpack("electron-renderer")],
];
/** What only Node's entry has. */
const OF_NODE = /node:|undici|msgpackr|createRequire|directory_unusable/i;
/** What only the browser's entry has. */
const OF_BROWSER = /indexedDB\.open/;
/** Generous: what bundlers add of their own, beside a few hundred bytes of ours. */
const SLIVER_BYTES_MAX = 1_500;

interface Said {
  readonly epoch: string;
  readonly durable: boolean;
  readonly result: unknown;
}

describe("an application with the packed SDK, bundled", () => {
  let app: PackedApp;
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  let site: Server;
  let browser: Browser | undefined;
  let script = "";
  const origins: string[] = [];

  beforeAll(async () => {
    app = await packedApp();
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    site = createServer((request, response) =>
      request.url === "/page.js"
        ? response.writeHead(200, { "content-type": "text/javascript" }).end(script)
        : response
            .writeHead(200, { "content-type": "text/html" })
            .end('<script type="module" src="/page.js"></script>'),
    ).listen(0, "127.0.0.1");
    await once(site, "listening");
    origins.push(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
    relay = await startTestRelay(server, stream, { corsOrigins: origins });
    if (hasChromium) browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.stop();
    site?.close().closeAllConnections();
    await server?.stop();
    await app?.remove();
    await cleanUp();
  });

  /** Opens the page and returns when its events are in the stream, each once. */
  async function delivered(origin: string, device: string, to = relay): Promise<void> {
    const context = await browser!.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    await page.goto(`${origin}/?device=${device}&endpoint=${encodeURIComponent(to.url)}`);
    await page.waitForFunction("globalThis.said", undefined, { timeout: 60_000 });
    const said = await page.evaluate<Said>("globalThis.said");
    expect(faults).toEqual([]);
    expect(said).toMatchObject({
      durable: true,
      result: { durable: true, delivered: true, pendingEvents: 0 },
    });
    await context.close();
    await inStreamOnce(said.epoch, 20);
  }

  async function inStreamOnce(epoch: string, count: number): Promise<void> {
    const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
    expect(epochs.get(epoch)).toMatchObject({ verdict: "COMPLETE", missing: [] });
    expect(events.filter((event) => event.epoch === epoch)).toHaveLength(count);
    expect(duplicates).toBe(0);
  }

  describe.each(BUNDLERS)("by %s, for pages", (name, bundler) => {
    it("takes the browser's entry and nothing of Node's, and maps it to its sources", async () => {
      const { code, sources } = await bundler(app.directory, "page.js");
      expect([OF_NODE.test(code), OF_BROWSER.test(code)]).toEqual([false, true]);
      expect(code.endsWith("//# sourceMappingURL=page.js.map") || code.endsWith("page.js.map\n")).toBe(true);
      expect(sources.join("\n")).toMatch(/sdk\/(dist\/(browser|chunk)|src\/)/);
    });

    it("leaves out what the application does not use", async () => {
      const { code } = await bundler(app.directory, "sliver.js");
      expect(OF_BROWSER.test(code)).toBe(false);
      expect(code.length).toBeLessThan(SLIVER_BYTES_MAX);
    });

    it.skipIf(!hasChromium)("runs in Chromium and delivers (SKIPPED without Chromium)", async () => {
      ({ code: script } = await bundler(app.directory, "page.js"));
      await delivered(origins[0]!, name);
    });
  });

  it.skipIf(!hasChromium)(
    "by Vite's development server, runs in Chromium and delivers (SKIPPED without Chromium)",
    async () => {
      const dev = await serveWithVite(app.directory, "page.js");
      const own = await startTestRelay(server, stream, { corsOrigins: [dev.origin] });
      await delivered(dev.origin, "vite-dev", own);
      await own.stop();
      await dev.close();
    },
  );

  it.each(["node", "electron-main"])(
    "by webpack for %s, takes Node's entry, runs on Node and delivers; Electron itself was not tried",
    async (target) => {
      const { code } = await withWebpack(target)(app.directory, "record.mjs");
      expect([OF_NODE.test(code), OF_BROWSER.test(code)]).toEqual([true, false]);
      const file = join(app.directory, target, "record.cjs");
      const directory = await freshDirectory();
      const out = succeeded(await execute(process.execPath, [file, relay.url, directory, "50"], {}));
      const { epoch, result } = JSON.parse(out) as Said;
      expect(result).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
      await inStreamOnce(epoch, 51);
    },
  );
});
