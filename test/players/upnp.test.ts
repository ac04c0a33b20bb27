import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { hasMpd } from "../support/mpd.ts";
import { about, type PlayerWorld, startPlayerWorld } from "../support/player-world.ts";
import { execute, ROOT } from "../support/processes.ts";

const SESSION = join(ROOT, "test/support/renderer-session");
const canRun =
  spawnSync("gmediarender", ["--version"]).status === 0 &&
  spawnSync("unshare", ["-rn", "bash", `${SESSION}.sh`, "true"]).status === 0;

describe.skipIf(!canRun)("a real gmediarender, in a network of its own", () => {
  let world: PlayerWorld;
  beforeAll(async () => {
    world = await startPlayerWorld();
  });
  afterAll(async () => {
    await world?.stop();
    await cleanUp();
  });

  /** Runs a session, and delivers from here what it left, because no relay could be reached there. */
  async function run(session: string, device = "renderer") {
    const [stage, directory] = await Promise.all([world.stage(), freshDirectory()]);
    const node = [process.execPath, "--conditions=source", `${SESSION}.ts`, directory, session];
    const { code, stdout, stderr } = await execute("unshare", ["-rn", "bash", `${SESSION}.sh`, ...node], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const telemetry = hurriedTelemetry({
      endpoint: stage.endpoint,
      device,
      directory: join(directory, "telemetry"),
    });
    await telemetry.ready;
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    const everything = await stage.everything();
    expect(everything + stdout).not.toMatch(/CANARY|10\.99|127\.0|\.wav/);
    return { plays: await stage.plays(device), sources: await stage.sources(device), stdout };
  }

  it.concurrent("has the plays of its control point in the stream: play, pause, natural end, seek, another item, what cannot play, a crash", async () => {
    const { plays, sources, stdout } = await run("listening");
    expect(stdout).toMatch(/^trouble: the renderer is lost \(it does not answer\); trying again$/m);
    expect(plays).toMatchObject([
      {
        title: "Tone three",
        artist: "Ünïcode & Sons",
        content_type: "track",
        ms_played: about(3_000),
        ms_paused: about(600),
        duration_ms: 3_000,
        reason_start: "playbtn",
        reason_end: "trackdone",
      },
      { title: "Tone long", ms_played: about(1_500), reason_start: "trackdone", reason_end: "clickrow" },
      { title: "Tone three", ms_played: about(1_000), reason_start: "clickrow", reason_end: "endplay" },
      {
        title: "Tone long",
        ms_played: about(2_500),
        reason_end: "unexpected-exit",
        reason_basis: "inferred",
      },
      { title: "Tone three", reason_end: expect.any(String) },
    ]);
    expect(sources).toMatchObject([{ to: { source_type: "queue" }, evidence: "http" }]);
  });

  it.skipIf(!hasMpd).concurrent(
    "that is skipped, plays an item three times, and a radio, and a file again, has a play of each, and the sources",
    async () => {
      const { plays, sources } = await run("switching");
      expect(plays).toMatchObject([
        { title: "Tone long", ms_played: about(1_500), reason_end: "fwdbtn", reason_basis: "reported" },
        { title: "Tone three", ms_played: about(3_000), reason_start: "fwdbtn", reason_end: "trackdone" },
        { title: "Tone three", ms_played: about(3_000), reason_start: "trackdone", reason_end: "trackdone" },
        { title: "Tone three", ms_played: about(3_000), reason_start: "playbtn", reason_end: "trackdone" },
        {
          title: "Loopback FM",
          content_type: "station",
          livestream: true,
          duration_ms: null,
          ms_played: about(2_500),
          reason_start: "source_switch",
          reason_end: "source_switch",
          source_type: "radio",
        },
        { title: "Tone long", ms_played: about(1_000), reason_start: "source_switch", reason_end: "endplay" },
      ]);
      expect(sources.map(({ to, evidence }) => [to, evidence])).toEqual([
        [{ source_type: "queue", service: null }, "http"],
        [{ source_type: "radio", service: null }, "http"],
        [{ source_type: "queue", service: null }, "http"],
      ]);
    },
  );

  it.concurrent("whose companion is killed has the final of its play at the companion's next start, once", async () => {
    const { plays } = await run("companion", "companion-upnp");
    expect(plays).toMatchObject([
      {
        title: "Tone long",
        ms_played: about(400),
        reason_end: "unexpected-exit",
        reason_basis: "inferred",
      },
    ]);
  });
});
