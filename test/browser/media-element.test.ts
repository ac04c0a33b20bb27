import type { PlayEvent } from "@tonearm/sdk";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crash, hasChromium } from "./chromium.ts";
import { openPlayer, playIn } from "./player-page.ts";
import { close, inWorld, makePath, type Path, type World } from "./world.ts";

describe.skipIf(!hasChromium)("an audio element that plays real files, in Chromium", () => {
  let world: World;
  let browser: Browser;
  let path: Path;
  inWorld((made, launched) => {
    world = made;
    browser = launched;
  });
  beforeAll(async () => {
    path = await makePath(world);
    await path.start();
  });
  afterAll(() => path?.stop());

  const open = async (device: string, context?: BrowserContext): Promise<Page> =>
    openPlayer(context ?? (await browser.newContext()), world, path, device);
  const play = (page: Page, tone: string) => playIn(page, `/${tone}.wav`);
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const ended = (page: Page) =>
    page.evaluate(
      () => new Promise((resolve) => media.audio.addEventListener("ended", resolve, { once: true })),
    );
  const end = async (page: Page) => {
    await page.evaluate(() => media.follower.close());
    expect(await close(page)).toMatchObject({ delivered: true });
    await page.context().close();
  };

  const eventsOf = async (device: string, type: string) =>
    (await path.verdicts()).events
      .filter((event) => event.device === device && event.type === type)
      .toSorted((a, b) => Number(a.seq) - Number(b.seq));
  const playsOf = async (device: string) =>
    (await eventsOf(device, "play")) as unknown as (PlayEvent & Record<string, unknown>)[];
  /** So many milliseconds, or a little less, or more: a machine that is busy is late. */
  const about = (ms: number) => expect.toSatisfy((value: number) => value > ms - 300, `about ${ms} or more`);

  it("has the plays that an analyst would count: pause, seek, natural end, skip, another rate", async () => {
    const page = await open("course");
    await page.evaluate(() => {
      navigator.mediaSession.metadata = new MediaMetadata({
        title: "Rising",
        artist: "Ünïcode & Sons",
        album: "Loop",
      });
    });
    await play(page, "3s");
    await pass(600);
    await page.evaluate(() => media.audio.pause());
    await pass(500);
    await page.evaluate(() => media.audio.play());
    await pass(200);
    await page.evaluate(() => {
      media.audio.currentTime = 2.4;
    });
    await ended(page);
    await play(page, "20s");
    await pass(500);
    await page.evaluate(() => media.follower.because({ end: "fwdbtn", start: "fwdbtn" }));
    await play(page, "3s");
    await page.evaluate(() => {
      media.audio.playbackRate = 2;
    });
    await ended(page);
    await end(page);
    const plays = await playsOf("course");
    expect(plays).toMatchObject([
      {
        title: "Rising",
        artist: "Ünïcode & Sons",
        album: "Loop",
        ms_played: about(1_400),
        ms_paused: about(500),
        duration_ms: 3_000,
        position_start_ms: expect.any(Number),
        position_end_ms: 3_000,
        reason_start: "playbtn",
        reason_end: "trackdone",
        reason_basis: "reported",
        source_type: "queue",
        player_id: "page",
      },
      {
        ms_played: about(500),
        duration_ms: 20_000,
        reason_start: "trackdone",
        reason_end: "fwdbtn",
        skipped: true,
      },
      { ms_played: about(1_500), position_end_ms: 3_000, reason_start: "fwdbtn", reason_end: "trackdone" },
    ]);
    expect(new Set(plays.map(({ play_id }) => play_id)).size).toBe(3);
    const everything = JSON.stringify((await path.verdicts()).events);
    expect(everything).not.toMatch(/CANARY|\.wav|127\.0\.0\.1/);
    expect(await eventsOf("course", "source")).toMatchObject([
      { from: { source_type: "idle" }, to: { source_type: "queue" }, evidence: "http" },
    ]);
  });

  it("plays each round of a loop, and what it cannot decode is no play", async () => {
    const page = await open("loop");
    await page.evaluate(() => {
      media.audio.src = "/broken.wav";
      return media.audio.play().catch(() => undefined);
    });
    await page.evaluate(() => {
      media.audio.loop = true;
    });
    await play(page, "2s");
    await pass(4_700);
    await end(page);
    expect(await playsOf("loop")).toMatchObject([
      { ms_played: about(2_000), reason_end: "trackdone", repeat: "one" },
      { ms_played: about(2_000), reason_start: "trackdone", reason_end: "trackdone" },
      { reason_start: "trackdone", reason_end: "unknown" },
    ]);
  });

  it("plays a live stream as a station without a length", async () => {
    const page = await open("live");
    await page.evaluate(async () => {
      const sound = new AudioContext();
      const { stream } = sound.createMediaStreamDestination();
      media.audio.srcObject = stream;
      await media.audio.play();
    });
    await pass(600);
    await page.evaluate(() => {
      media.audio.srcObject = null;
    });
    await end(page);
    expect(await playsOf("live")).toMatchObject([
      {
        livestream: true,
        duration_ms: null,
        content_type: "station",
        source_type: "radio",
        ms_played: about(600),
        reason_end: "endplay",
      },
    ]);
  });

  it("ends its play with the page, once, also for the page that comes next", async () => {
    const page = await open("left");
    await play(page, "20s");
    await pass(500);
    await page.goto("about:blank");
    const next = await open("left", page.context());
    await expect.poll(async () => (await playsOf("left")).length, { timeout: 20_000 }).toBe(1);
    await end(next);
    expect(await playsOf("left")).toMatchObject([{ ms_played: about(500), reason_end: "endplay" }]);
  });

  it("ends its play unexpectedly when the page crashes, told by the page that comes next", async () => {
    const page = await open("crashed");
    await play(page, "20s");
    await pass(500);
    await crash(page);
    const next = await open("crashed", page.context());
    await expect
      .poll(async () => await playsOf("crashed"), { timeout: 20_000 })
      .toMatchObject([{ reason_end: "unexpected-exit", reason_basis: "inferred", duration_ms: 20_000 }]);
    await end(next);
    expect(await playsOf("crashed")).toHaveLength(1);
  });
});
