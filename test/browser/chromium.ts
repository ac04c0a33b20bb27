/** Chromium, driven by `playwright-core`; every process it starts ends with it. */
import { existsSync } from "node:fs";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Whether the tests can run; without Chromium they are skipped, and say so. */
export const hasChromium = existsSync(EXECUTABLE);

const LAUNCH = {
  executablePath: EXECUTABLE,
  // Playwright turns the back/forward cache off, and it is one of the things to be tested.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** A browser whose contexts are off the record: each has a storage of its own, which ends with it. */
export const launchBrowser = (...args: readonly string[]): Promise<Browser> =>
  chromium.launch({ ...LAUNCH, args: [...LAUNCH.args, ...args] });

/** A browser with a profile on disk, which the next one finds again. */
export const launchProfile = (directory: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(directory, LAUNCH);

interface ProcessInfo {
  readonly type: string;
  readonly id: number;
}

/** The browser's main process, which also keeps IndexedDB. */
export async function browserPid(context: BrowserContext): Promise<number> {
  const browser = context.browser();
  if (!browser) throw new Error("the context has no browser");
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = (await session.send("SystemInfo.getProcessInfo")) as {
    processInfo: ProcessInfo[];
  };
  return processInfo.find(({ type }) => type === "browser")!.id;
}

/** Kills the browser's main process, as a crash or the kernel would; the others end with it. */
export async function killBrowser(context: BrowserContext): Promise<void> {
  const pid = await browserPid(context);
  const closed = new Promise((resolve) => context.once("close", resolve));
  process.kill(pid, "SIGKILL");
  await closed;
}

/** Kills the renderer of a page: what the user sees as "Aw, Snap!". */
export async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  const session: CDPSession = await page.context().newCDPSession(page);
  session.send("Page.crash").catch(() => undefined);
  await crashed;
}
