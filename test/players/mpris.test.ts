import { followMpris } from "@tonearm/sdk/adapters/mpris";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { noteOf, startCompanion } from "../support/companions.ts";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { hasMpd, startMpd, tone } from "../support/mpd.ts";
import { hasMpv, type Mpv, startMpv } from "../support/mpv.ts";
import { about, type PlayerWorld, pass, type Stage, startPlayerWorld } from "../support/player-world.ts";

describe.skipIf(!hasMpv)("a real mpv on D-Bus", () => {
  let world: PlayerWorld;
  beforeAll(async () => {
    world = await startPlayerWorld();
  });
  afterAll(async () => {
    await world?.stop();
    await cleanUp();
  });

  const start = async (context: TestContext): Promise<Mpv> => {
    const mpv = await startMpv();
    context.onTestFinished(() => mpv.stop());
    return mpv;
  };
  const follow = async (stage: Stage, mpv: Mpv) => {
    const telemetry = hurriedTelemetry({
      endpoint: stage.endpoint,
      device: "desk",
      directory: await freshDirectory(),
    });
    const adapter = followMpris({ telemetry, player_id: "mpv", bus: mpv.bus, name: "mpv" });
    await pass(300);
    const end = async () => {
      adapter.close();
      expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    };
    return { adapter, telemetry, end };
  };

  it.concurrent("has the plays of its listener in the stream: play, pause, seek, natural end, another pick, repeat-one, a crash, a new start", async (context) => {
    const stage = await world.stage();
    const mpv = await start(context);
    const { end } = await follow(stage, mpv);
    await mpv.open("three");
    await pass(800);
    await mpv.call("Pause");
    await pass(500);
    await mpv.call("Play");
    await mpv.call("Seek", 1_000_000n);
    await pass(2_000); // its own end
    await mpv.open("long");
    await pass(800);
    await mpv.loop("Track");
    await mpv.open("three");
    await pass(4_000); // one round, and into the next
    await mpv.loop("None");
    await mpv.call("Stop");
    await pass(300);
    await mpv.open("broken");
    await pass(500);
    await mpv.open("long");
    await pass(600);
    await mpv.kill();
    await pass(300);
    await mpv.start();
    await pass(500);
    await mpv.open("three");
    await pass(1_500);
    await end();

    expect(await stage.plays("desk")).toMatchObject([
      {
        title: "Tone three",
        artist: "Ünïcode & Sons",
        ms_played: about(2_000),
        ms_paused: about(500),
        duration_ms: 3_000,
        position_end_ms: 3_000,
        reason_start: "playbtn",
        reason_end: "trackdone",
        service: "mpv",
        source_type: "queue",
      },
      { title: "Tone long", ms_played: about(800), reason_end: "clickrow", skipped: true },
      { title: "Tone three", ms_played: about(2_800), reason_end: "trackdone", repeat: "one" },
      { title: "Tone three", ms_played: about(1_000), reason_start: "trackdone", reason_end: "endplay" },
      { title: "Tone long", ms_played: about(600), reason_end: "unexpected-exit", reason_basis: "inferred" },
      { title: "Tone three", reason_end: "unknown" },
    ]);
    expect(await stage.sources("desk")).toMatchObject([
      { to: { source_type: "queue", service: "mpv" }, evidence: "file" },
    ]);
    expect(await stage.everything()).not.toMatch(/CANARY|\.wav/);
  });

  it.concurrent("that is skipped through a list has a play of each entry, of the same track at two places, too", async (context) => {
    const stage = await world.stage();
    const mpv = await start(context);
    const { adapter, end } = await follow(stage, mpv);
    await mpv.openList();
    await pass(1_000);
    adapter.because({ end: "fwdbtn" });
    await mpv.call("Next");
    await pass(1_000);
    await mpv.call("Next");
    await pass(1_000);
    await end();
    expect(await stage.plays("desk")).toMatchObject([
      { title: "Tone long", ms_played: about(1_000), reason_end: "fwdbtn", reason_basis: "reported" },
      {
        title: "Tone three",
        ms_played: about(1_000),
        reason_start: "fwdbtn",
        reason_end: "clickrow",
        reason_basis: "inferred",
      },
      { title: "Tone three", ms_played: about(1_000), reason_start: "clickrow", reason_end: "unknown" },
    ]);
  });

  it.skipIf(!hasMpd).concurrent(
    "that switches to a radio and back has a play of each, and the sources",
    async (context) => {
      const stage = await world.stage();
      const [mpv, station] = await Promise.all([start(context), startMpd(true)]);
      context.onTestFinished(() => station.kill());
      await station.tell(`add "${tone("long")}"`, "play");
      const { telemetry, end } = await follow(stage, mpv);
      await mpv.open("long");
      await pass(800);
      await mpv.openUri(station.streamUrl);
      await until("the radio to be known", () => telemetry.stats().recorded >= 3);
      await pass(1_500);
      await mpv.open("three");
      await pass(800);
      await end();
      expect(await stage.plays("desk")).toMatchObject([
        { title: "Tone long", ms_played: about(800), reason_end: "source_switch", source_type: "queue" },
        {
          content_type: "station",
          title: null,
          livestream: true,
          duration_ms: null,
          // A station's position need not begin at 0, so it may be known before it has sounded for 3 s.
          ms_played: about(1_500),
          reason_start: "source_switch",
          reason_end: "source_switch",
          source_type: "radio",
        },
        { title: "Tone three", reason_start: "source_switch", source_type: "queue" },
      ]);
      expect((await stage.sources("desk")).map(({ to, evidence }) => [to, evidence])).toEqual([
        [{ source_type: "queue", service: "mpv" }, "file"],
        [{ source_type: "radio", service: "mpv" }, "http"],
        [{ source_type: "queue", service: "mpv" }, "file"],
      ]);
      expect(await stage.everything()).not.toMatch(/CANARY|127\.0\.0\.1|\.wav/);
    },
  );

  it.concurrent("whose companion is killed has the final of its play at the companion's next start, once", async (context) => {
    const stage = await world.stage();
    const mpv = await start(context);
    const directory = await freshDirectory();
    const companion = () => startCompanion(stage.endpoint, directory, "mpris", mpv.busAddress);
    const plays = () => stage.plays("companion-mpris");
    const first = await companion();
    await pass(500);
    await mpv.open("long");
    await until("the play to be noted", async () => (await noteOf(directory)).includes("Tone long"));
    await first.kill();
    expect(await plays()).toEqual([]);
    await mpv.call("Stop");
    for (let life = 2; life <= 3; life++) {
      const next = await companion();
      await context.expect.poll(plays, { timeout: 30_000 }).toHaveLength(1);
      await until("the note to be gone", async () => (await noteOf(directory)) === "");
      await next.kill();
    }
    expect(await plays()).toMatchObject([
      {
        title: "Tone long",
        ms_played: expect.any(Number),
        reason_end: "unexpected-exit",
        reason_basis: "inferred",
      },
    ]);
  });
});
