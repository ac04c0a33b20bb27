/** A page whose audio element is followed, and what it is told to do. */
import type { followMediaElement, pageNotes } from "@tonearm/sdk/adapters/media-element";
import type { BrowserContext, Page } from "playwright-core";
import { begin, type Path, type World } from "./world.ts";

declare global {
  /** What the page's script makes global. */
  var media: {
    readonly audio: HTMLAudioElement;
    readonly follower: ReturnType<typeof followMediaElement>;
  };
}
interface PlayerPage {
  readonly followMediaElement: typeof followMediaElement;
  readonly pageNotes: typeof pageNotes;
}

/** Opens it; its user has clicked, so that it may play. */
export async function openPlayer(
  context: BrowserContext,
  world: World,
  path: Path,
  device: string,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${world.site.origin}/player`);
  await page.mouse.click(5, 5);
  await begin(page, world, { endpoint: path.endpoint, device, flushIntervalMs: 50, commitIntervalMs: 20 });
  await page.evaluate(() => {
    const { followMediaElement, pageNotes } = globalThis as unknown as PlayerPage;
    const audio = document.querySelector("audio")!;
    const notes = pageNotes("player");
    const follower = followMediaElement(audio, { telemetry, player_id: "page", notes });
    Object.assign(globalThis, { media: { audio, follower } });
  });
  return page;
}

/** Plays an address, with what nobody may see in it, and resolves when it sounds. */
export const playIn = (page: Page, address: string): Promise<void> =>
  page.evaluate(async (src) => {
    media.audio.src = `${src}?token=CANARY`;
    await media.audio.play();
  }, address);
