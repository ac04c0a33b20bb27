import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { followMpd } from "@tonearm/sdk/adapters/mpd";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { hasMpd, type Mpd, startMpd, tone } from "../support/mpd.ts";
import { about, type PlayerWorld, pass, startPlayerWorld } from "../support/player-world.ts";

describe.skipIf(!hasMpd)("a real MPD", () => {
  let world: PlayerWorld;
  let mpd: Mpd;
  beforeAll(async () => {
    world = await startPlayerWorld();
  });
  afterAll(async () => {
    await world?.stop();
    await cleanUp();
  });
  beforeEach(async () => {
    mpd = await startMpd();
  });
  afterEach(() => mpd.kill());

  const add = (...names: readonly string[]) => names.map((name) => `add "${tone(name)}"`);

  const elapsed = async () => Number(/^elapsed: (.*)$/m.exec(await mpd.tell("status"))?.[1] ?? 0);
  /** Until the song is at its beginning again. */
  const untilRound = async () => {
    let before = 0;
    await until("another round", async () => {
      const now = await elapsed();
      const isAnother = now < before;
      before = now;
      return isAnother;
    });
  };

  it("has the plays of its listener in the stream: pause, natural end, skip, repeat-one, rooms, a crash of the player", async () => {
    const telemetry = hurriedTelemetry({
      endpoint: world.endpoint,
      device: "rooms",
      directory: await freshDirectory(),
    });
    const troubles: string[] = [];
    const onTrouble = (message: string) => troubles.push(message);
    const adapter = followMpd({ telemetry, player_id: "mpd", port: mpd.port, onTrouble });
    await pass(200);
    await mpd.tell(...add("three", "long", "two", "broken"), "play 0");
    await pass(700);
    await mpd.tell("pause 1");
    await pass(600);
    await mpd.tell("pause 0", "seekcur 2");
    await pass(1_500); // its own end, and into the next
    await mpd.tell("enableoutput 1");
    await mpd.tell("next");
    await mpd.tell("repeat 1", "single 1");
    await untilRound();
    await pass(500);
    await mpd.tell("stop", "single 0", "repeat 0");
    // It may say at once that it cannot decode this, or only in its status.
    await mpd.tell("play 3").catch(() => undefined);
    await pass(300);
    await mpd.tell("play 1");
    await pass(500);
    await mpd.kill();
    await until("the adapter to see it", () => troubles.length === 1);
    await mpd.start();
    await mpd.tell(...add("long"), "play");
    await pass(1_500); // the adapter is back within a second
    adapter.close();
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });

    expect(await world.plays("rooms")).toMatchObject([
      {
        title: "Tone three",
        artist: "Ünïcode & Sons",
        ms_played: about(1_700),
        ms_paused: about(600),
        duration_ms: 3_000,
        reason_start: "playbtn",
        reason_end: "trackdone",
        reason_basis: "inferred",
      },
      {
        title: "Tone long",
        ms_played: about(500),
        reason_start: "trackdone",
        reason_end: "fwdbtn",
        skipped: true,
      },
      { title: "Tone two", ms_played: about(2_000), reason_start: "fwdbtn", reason_end: "trackdone" },
      { title: "Tone two", ms_played: about(500), reason_start: "trackdone", repeat: "one" },
      { title: "Tone long", ms_played: about(500), reason_end: "unexpected-exit" },
      { title: "Tone long", reason_end: "unknown" },
    ]);
    expect(await world.sources("rooms")).toMatchObject([
      { from: { source_type: "idle" }, to: { source_type: "queue" }, evidence: "file" },
      { group_change: "joined", member_ids: ["Kitchen", "Bath"] },
      // A new start, which did not remember.
      { group_change: "left", member_ids: ["Kitchen"] },
    ]);
    expect(await world.everything()).not.toMatch(/CANARY|anna|\.wav/);
    expect(troubles).toEqual([expect.stringMatching(/^MPD is lost \([^)]*\); trying again$/)]);
    expect(troubles[0]).not.toContain("127.0.0.1");
  });

  it("that plays a radio, and then a station that is not there, has one play of another source", async () => {
    const station = await startMpd(true);
    const telemetry = hurriedTelemetry({
      endpoint: world.endpoint,
      device: "radio",
      directory: await freshDirectory(),
    });
    const adapter = followMpd({ telemetry, player_id: "mpd", port: mpd.port });
    try {
      await station.tell(...add("long", "three"), "play");
      await mpd.tell(...add("long"), "play");
      await pass(500);
      await mpd.tell("clear", `add "${station.streamUrl}"`, "play");
      await until("the radio to sound", () => telemetry.stats().recorded >= 3);
      await pass(1_000);
      await station.tell("next");
      await pass(500);
      await mpd.tell("clear", `add "http://127.0.0.1:9/CANARY"`, "play");
      await pass(500);
    } finally {
      adapter.close();
      await station.kill();
    }
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    expect(await world.plays("radio")).toMatchObject([
      // Whether MPD was seen without a song in between is chance.
      { title: "Tone long", reason_end: expect.stringMatching(/^(endplay|source_switch)$/) },
      {
        content_type: "station",
        livestream: true,
        duration_ms: null,
        ms_played: about(1_500),
        reason_start: "source_switch",
        source_type: "radio",
      },
    ]);
    expect((await world.sources("radio")).map(({ to, evidence }) => [to, evidence])).toEqual([
      [{ source_type: "queue", service: null }, "file"],
      [{ source_type: "radio", service: null }, "http"],
    ]);
    expect(await world.everything()).not.toMatch(/CANARY|127\.0\.0\.1/);
  });

  it("whose companion is killed has the final of its play at the companion's next start, once", async () => {
    const directory = await freshDirectory();
    const start = async () => {
      const script = fileURLToPath(new URL("companion.ts", import.meta.url));
      const args = ["--conditions=source", script, world.endpoint, directory, String(mpd.port)];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      return child;
    };
    const kill = async (child: Awaited<ReturnType<typeof start>>) => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    };
    const plays = () => world.plays("companion");
    const first = await start();
    await pass(300);
    await mpd.tell(...add("long"), "play");
    const note = () => readFile(join(directory, "open-play.json"), "utf8").catch(() => "");
    await until("the play to be noted", async () => (await note()).includes("Tone long"));
    await pass(300);
    await mpd.tell("pause 1");
    await until("the pause to be noted", async () => (await note()).includes("while-paused"));
    await kill(first);
    expect(await plays()).toEqual([]);
    await mpd.tell("stop");
    const second = await start();
    // While the stream grows, no two readings of it are the same.
    await expect.poll(plays, { timeout: 30_000 }).toHaveLength(1);
    await until("the note to be gone", async () => (await note()) === "");
    await kill(second);
    const third = await start();
    await pass(500);
    await kill(third);
    await expect.poll(plays, { timeout: 30_000 }).toMatchObject([
      {
        title: "Tone long",
        ms_played: about(300),
        reason_end: "unexpected-exit-while-paused",
        reason_basis: "inferred",
      },
    ]);
  });
});
