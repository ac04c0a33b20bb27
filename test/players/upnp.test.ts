import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
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

  it("has the plays of its control point in the stream: gapless, seek, another item, what cannot play, a crash", async () => {
    const directory = await freshDirectory();
    const node = [process.execPath, "--conditions=source", `${SESSION}.ts`, directory];
    const { code, stdout, stderr } = await execute("unshare", ["-rn", "bash", `${SESSION}.sh`, ...node], {});
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^trouble: the renderer is lost \(it does not answer\); trying again$/m);
    expect(stdout).not.toMatch(/10\.99|CANARY/);
    // No relay could be reached there: what it left is delivered from here.
    const telemetry = hurriedTelemetry({
      endpoint: world.endpoint,
      device: "renderer",
      directory: join(directory, "telemetry"),
    });
    await telemetry.ready;
    expect(await telemetry.close({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });

    expect(await world.plays("renderer")).toMatchObject([
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
    expect(await world.sources("renderer")).toMatchObject([
      { to: { source_type: "queue" }, evidence: "http" },
    ]);
    expect(await world.everything()).not.toMatch(/CANARY|10\.99|\.wav/);
  });
});
