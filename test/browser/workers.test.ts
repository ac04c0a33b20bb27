import type { Browser, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasChromium } from "./chromium.ts";
import { BROKE_OFF, begin, close, inWorld, makePath, numbersOf, upTo, type World } from "./world.ts";

type Kind = "web" | "service";

/** What a worker is told to do, with what it is given; it runs there. */
type Task<T> = (given: T) => Promise<unknown>;

describe.skipIf(!hasChromium)("workers, in Chromium", () => {
  let world: World;
  let browser: Browser;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });

  /** Starts a worker of `kind` from `page` and runs `task` in it. */
  const inWorker = <T>(page: Page, kind: Kind, task: Task<T>, given: T): Promise<unknown> =>
    page.evaluate(
      async ([how, run, what]) => {
        if (how === "service") await navigator.serviceWorker.register("/worker.js");
        const worker =
          how === "service" ? (await navigator.serviceWorker.ready).active! : new Worker("/worker.js");
        const { port1, port2 } = new MessageChannel();
        const answer = new Promise((resolve) => {
          port1.addEventListener("message", ({ data }) => resolve(data));
          port1.start();
        });
        worker.postMessage({ run, with: what }, [port2]);
        return answer;
      },
      [kind, String(task), given] as const,
    );

  it.each<Kind>(["web", "service"])("a %s worker records, durably, and delivers", async (kind) => {
    const path = await makePath(world);
    await path.start();
    const page = await browser.newPage();
    await page.goto(world.site.origin);
    const result = await inWorker(
      page,
      kind,
      async (endpoint: string) => {
        const here = createTelemetry({ endpoint, device: "d1" });
        for (let n = 0; n < 50; n++) here.record("tick", { n });
        const { durable } = await here.ready;
        return { durable, hasWindow: typeof window, closed: await here.close() };
      },
      path.endpoint,
    );
    expect(result).toEqual({
      durable: true,
      hasWindow: "undefined",
      closed: { durable: true, delivered: true, pendingEvents: 0 },
    });
    const verdicts = await path.verdicts();
    expect(numbersOf(verdicts)).toEqual(upTo(50));
    expect([...verdicts.epochs.values()].map(({ verdict }) => verdict)).toEqual(["COMPLETE"]);
    await page.context().close();
    await path.stop();
  });

  it("a service worker that the browser ends is taken for dead, and a page delivers what it left", async () => {
    const path = await makePath(world);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(world.site.origin);
    const epoch = await inWorker(
      page,
      "service",
      async (endpoint: string) => {
        const here = createTelemetry({ endpoint, device: "d1" });
        for (let n = 0; n < 50; n++) here.record("tick", { n });
        await new Promise<void>((resolve) => {
          here.on("durable", ({ throughSeq }) => throughSeq >= 51 && resolve());
        });
        return here.epoch;
      },
      path.endpoint,
    );
    const session = await context.newCDPSession(page);
    await session.send("ServiceWorker.enable");
    await session.send("ServiceWorker.stopAllWorkers");
    await path.start();
    await begin(page, world, { endpoint: path.endpoint });
    await expect.poll(async () => numbersOf(await path.verdicts()), { timeout: 30_000 }).toEqual(upTo(50));
    await close(page);
    const { epochs, duplicates } = await path.verdicts();
    expect(duplicates).toBe(0);
    expect(epochs.get(epoch as string)).toMatchObject(BROKE_OFF);
    await context.close();
    await path.stop();
  });
});
