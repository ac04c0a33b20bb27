import { followMpris } from "@tonearm/sdk/adapters/mpris";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { hasMpv, type Mpv, startMpv } from "../support/mpv.ts";
import { about, type PlayerWorld, pass, startPlayerWorld } from "../support/player-world.ts";

describe.skipIf(!hasMpv)("a real mpv on D-Bus", () => {
  let world: PlayerWorld;
  let mpv: Mpv;
  beforeAll(async () => {
    world = await startPlayerWorld();
    mpv = await startMpv();
  });
  afterAll(async () => {
    await mpv?.stop();
    await world?.stop();
    await cleanUp();
  });

  it("has the plays of its listener in the stream: pause, seek, natural end, another pick, a loop, a crash, a new start", async () => {
    const telemetry = hurriedTelemetry({
      endpoint: world.endpoint,
      device: "desk",
      directory: await freshDirectory(),
    });
    const adapter = followMpris({ telemetry, player_id: "mpv", bus: mpv.bus, name: "mpv" });
    await pass(300);
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
    adapter.close();
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });

    expect(await world.plays("desk")).toMatchObject([
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
    expect(await world.sources("desk")).toMatchObject([
      { to: { source_type: "queue", service: "mpv" }, evidence: "file" },
    ]);
    expect(await world.everything()).not.toMatch(/CANARY|\.wav/);
  });
});
