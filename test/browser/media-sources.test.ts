import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { hasMpd, startMpd, tone } from "../support/mpd.ts";
import { about, pass } from "../support/player-world.ts";
import { hasChromium, killBrowser, launchProfile } from "./chromium.ts";
import { openPlayer, playIn } from "./player-page.ts";
import { close, inWorld, makePath, type Path, type World } from "./world.ts";

describe.skipIf(!hasChromium)("an audio element and what it plays from, in Chromium", () => {
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
  afterAll(async () => {
    await path?.stop();
    await cleanUp();
  });

  const open = async (device: string): Promise<Page> =>
    openPlayer(await browser.newContext(), world, path, device);
  const end = async (page: Page) => {
    await page.evaluate(() => media.follower.close());
    expect(await close(page)).toMatchObject({ delivered: true });
    await page.context().close();
  };
  const eventsOf = async (device: string, type: string) =>
    (await path.verdicts()).events
      .filter((event) => event.device === device && event.type === type)
      .toSorted((a, b) => Number(a.time_ms) - Number(b.time_ms) || Number(a.seq) - Number(b.seq));

  it.skipIf(!hasMpd)(
    "that switches from a file to a radio, which has no end, and back has a play of each, and the sources",
    async () => {
      const station = await startMpd("loud");
      onTestFinished(() => station.kill());
      await station.tell(`add "${tone("long")}"`, "play");
      const page = await open("switch");
      await playIn(page, "/20s.wav");
      await pass(700);
      await playIn(page, station.streamUrl.split("?")[0]!);
      await pass(1_500);
      await playIn(page, "/3s.wav");
      await pass(700);
      await end(page);
      expect(await eventsOf("switch", "play")).toMatchObject([
        { ms_played: about(700), reason_end: "source_switch", source_type: "queue", duration_ms: 20_000 },
        {
          ms_played: about(1_500),
          content_type: "station",
          livestream: true,
          duration_ms: null,
          reason_start: "source_switch",
          reason_end: "source_switch",
          source_type: "radio",
        },
        { ms_played: about(700), reason_start: "source_switch", source_type: "queue", duration_ms: 3_000 },
      ]);
      expect((await eventsOf("switch", "source")).map(({ to, evidence }) => [to, evidence])).toEqual([
        [{ source_type: "queue", service: null }, "http"],
        [{ source_type: "radio", service: null }, "http"],
        [{ source_type: "queue", service: null }, "http"],
      ]);
      expect(JSON.stringify((await path.verdicts()).events)).not.toMatch(/CANARY|127\.0\.0\.1|\.wav/);
    },
  );

  it("that is fed live by media source extensions plays a station, whose play goes on while it is fed", async () => {
    const page = await open("mse");
    await page.evaluate(async () => {
      // What a page would fetch is recorded here, a piece at a time.
      const sound = new AudioContext();
      const oscillator = sound.createOscillator();
      const { stream } = oscillator.connect(
        sound.createMediaStreamDestination(),
      ) as MediaStreamAudioDestinationNode;
      oscillator.start();
      const type = 'audio/webm; codecs="opus"';
      const source = new MediaSource();
      media.audio.src = URL.createObjectURL(source);
      await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
      const buffer = source.addSourceBuffer(type);
      source.duration = Number.POSITIVE_INFINITY;
      const recorder = new MediaRecorder(stream, { mimeType: type });
      const append = async (data: Blob) => {
        const piece = await data.arrayBuffer();
        if (source.readyState === "open" && !buffer.updating && piece.byteLength > 0)
          buffer.appendBuffer(piece);
      };
      recorder.addEventListener("dataavailable", ({ data }) => void append(data));
      recorder.start(200);
      await media.audio.play();
    });
    await pass(1_500);
    await end(page);
    expect(await eventsOf("mse", "play")).toMatchObject([
      {
        ms_played: expect.toSatisfy((ms: number) => ms > 700, "more than 700"),
        livestream: true,
        duration_ms: null,
        content_type: "station",
        source_type: "radio",
        reason_end: "unknown",
      },
    ]);
    expect(await eventsOf("mse", "source")).toMatchObject([
      { to: { source_type: "radio" }, evidence: "blob" },
    ]);
  });

  it("ends its play unexpectedly when the browser is killed, told by the next one with the same profile, once", async () => {
    const profile = await freshDirectory();
    const first = await launchProfile(profile);
    const page = await openPlayer(first, world, path, "killed");
    await playIn(page, "/20s.wav");
    // Chromium writes what a page stores some 5 s later.
    await pass(6_500);
    await killBrowser(first);
    for (let life = 2; life <= 3; life++) {
      const next = await launchProfile(profile);
      const later = await openPlayer(next, world, path, "killed");
      await expect.poll(async () => (await eventsOf("killed", "play")).length, { timeout: 20_000 }).toBe(1);
      await end(later);
    }
    expect(await eventsOf("killed", "play")).toMatchObject([
      { reason_end: "unexpected-exit", reason_basis: "inferred", duration_ms: 20_000 },
    ]);
  });
});
