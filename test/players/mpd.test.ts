import { followMpd } from "@tonearm/sdk/adapters/mpd";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { noteOf, startCompanion } from "../support/companions.ts";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { hasMpd, type Mpd, startMpd, tone } from "../support/mpd.ts";
import { about, type PlayerWorld, pass, startPlayerWorld } from "../support/player-world.ts";

describe.skipIf(!hasMpd)("a real MPD", () => {
  let world: PlayerWorld;
  beforeAll(async () => {
    world = await startPlayerWorld();
  });
  afterAll(async () => {
    await world?.stop();
    await cleanUp();
  });

  const start = async (context: TestContext, isStation = false): Promise<Mpd> => {
    const mpd = await startMpd(isStation);
    context.onTestFinished(() => mpd.kill());
    return mpd;
  };
  const add = (...names: readonly string[]) => names.map((name) => `add "${tone(name)}"`);

  const elapsed = async (mpd: Mpd) => Number(/^elapsed: (.*)$/m.exec(await mpd.tell("status"))?.[1] ?? 0);
  /** Until the song is at its beginning again. */
  const untilRound = async (mpd: Mpd) => {
    let before = 0;
    await until("another round", async () => {
      const now = await elapsed(mpd);
      const isAnother = now < before;
      before = now;
      return isAnother;
    });
  };

  it.concurrent("has the plays of its listener in the stream: pause, natural end, skip, repeat-one, rooms, a crash of the player", async (context) => {
    const [stage, mpd] = await Promise.all([world.stage(), start(context)]);
    const telemetry = hurriedTelemetry({
      endpoint: stage.endpoint,
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
    await untilRound(mpd);
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
    const { recorded } = telemetry.stats();
    // The rooms that are other ones now.
    await until("the adapter to be back", () => telemetry.stats().recorded > recorded);
    await pass(500);
    adapter.close();
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });

    expect(await stage.plays("rooms")).toMatchObject([
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
    expect(await stage.sources("rooms")).toMatchObject([
      { from: { source_type: "idle" }, to: { source_type: "queue" }, evidence: "file" },
      { group_change: "joined", member_ids: ["Kitchen", "Bath"] },
      // A new start, which did not remember.
      { group_change: "left", member_ids: ["Kitchen"] },
    ]);
    expect(await stage.everything()).not.toMatch(/CANARY|anna|\.wav/);
    expect(troubles).toEqual([expect.stringMatching(/^MPD is lost \([^)]*\); trying again$/)]);
    expect(troubles[0]).not.toContain("127.0.0.1");
  });

  it.concurrent("that plays a radio, and then a station that is not there, has one play of another source", async (context) => {
    const [stage, mpd, station] = await Promise.all([world.stage(), start(context), start(context, true)]);
    const telemetry = hurriedTelemetry({
      endpoint: stage.endpoint,
      device: "radio",
      directory: await freshDirectory(),
    });
    const adapter = followMpd({ telemetry, player_id: "mpd", port: mpd.port });
    await station.tell(...add("long", "three"), "play");
    await mpd.tell(...add("long"), "play");
    await pass(500);
    await mpd.tell("clear", `add "${station.streamUrl}"`, "play");
    await until("the radio to be known", () => telemetry.stats().recorded >= 3);
    await pass(1_000);
    await station.tell("next");
    await pass(500);
    // It may say at once that nobody is there.
    await mpd.tell("clear", `add "http://127.0.0.1:9/CANARY"`, "play").catch(() => undefined);
    await pass(500);
    adapter.close();
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    expect(await stage.plays("radio")).toMatchObject([
      // Whether MPD was seen without a song in between is chance.
      { title: "Tone long", reason_end: expect.stringMatching(/^(endplay|source_switch)$/) },
      {
        content_type: "station",
        livestream: true,
        duration_ms: null,
        // A station's position need not begin at 0, so it may be known before it has sounded for 3 s.
        ms_played: about(1_500),
        reason_start: "source_switch",
        source_type: "radio",
      },
    ]);
    expect((await stage.sources("radio")).map(({ to, evidence }) => [to, evidence])).toEqual([
      [{ source_type: "queue", service: null }, "file"],
      [{ source_type: "radio", service: null }, "http"],
    ]);
    expect(await stage.everything()).not.toMatch(/CANARY|127\.0\.0\.1/);
  });

  it.concurrent("whose companion is killed has the final of its play at the companion's next start, once", async (context) => {
    const [stage, mpd] = await Promise.all([world.stage(), start(context)]);
    const directory = await freshDirectory();
    const companion = () => startCompanion(stage.endpoint, directory, "mpd", mpd.port);
    const plays = () => stage.plays("companion-mpd");
    const first = await companion();
    await pass(300);
    await mpd.tell(...add("long"), "play");
    await until("the play to be noted", async () => (await noteOf(directory)).includes("Tone long"));
    await pass(300);
    await mpd.tell("pause 1");
    await until("the pause to be noted", async () => (await noteOf(directory)).includes("while-paused"));
    await first.kill();
    expect(await plays()).toEqual([]);
    await mpd.tell("stop");
    const second = await companion();
    // While the stream grows, no two readings of it are the same.
    await context.expect.poll(plays, { timeout: 30_000 }).toHaveLength(1);
    await until("the note to be gone", async () => (await noteOf(directory)) === "");
    await second.kill();
    const third = await companion();
    await pass(500);
    await third.kill();
    await context.expect.poll(plays, { timeout: 30_000 }).toMatchObject([
      {
        title: "Tone long",
        ms_played: about(300),
        reason_end: "unexpected-exit-while-paused",
        reason_basis: "inferred",
      },
    ]);
  });
});
