import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { run, start } from "../support/processes.ts";
import { verdictsOf } from "../support/verdicts.ts";

describe.each(SERVERS)("the relay's command, on %s", (name) => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer(name);
  });
  afterAll(async () => {
    await server?.stop();
    await cleanUp();
  });

  it("says one line once it serves, drains on SIGTERM and ends with 0; everything it accepted is in the stream", async () => {
    const stream = `made-${crypto.randomUUID()}`;
    const target = [
      "--stream",
      stream,
      "--endpoint",
      server.endpoint,
      "--region",
      "us-east-1",
      "--create-stream",
      "2",
    ];
    // An aggregate may wait a minute: only a drain gets it out in time.
    const patience = ["--aggregate-age-ms", "60000", "--puts-max", "1", "--put-timeout-ms", "60000"];
    const relay = start("relay", [...target, ...patience, "--port", "0", "--insecure"]);
    const said = await relay.line();
    expect(said).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/);
    const endpoint = said.replace("listening on ", "");
    const devices = await Promise.all(
      [1, 2, 3].map(async (i) =>
        hurriedTelemetry({ endpoint, device: `d${i}`, directory: await freshDirectory() }),
      ),
    );
    for (const telemetry of devices) for (let i = 0; i < 20; i++) telemetry.record("tick", { i });
    const closing = devices.map((telemetry) => telemetry.close({ timeoutMs: 20_000 }));
    await new Promise((resolve) => setTimeout(resolve, 600));
    relay.child.kill("SIGTERM");
    const { code, stdout, stderr } = await relay.finished;
    expect([code, stdout]).toEqual([0, `${said}\n`]);
    expect(stderr).toContain("shutting down");
    expect((await Promise.all(closing)).every(({ delivered }) => delivered)).toBe(true);
    const { events, epochs } = await verdictsOf(server.client, stream);
    expect(events).toHaveLength(60);
    expect([...epochs.values()].every(({ verdict }) => verdict === "COMPLETE")).toBe(true);
  });

  it("prints the stream's records with tail and its verdicts with audit", async () => {
    const stream = await freshStream(server, 2);
    const target = ["--stream", stream, "--endpoint", server.endpoint, "--region", "us-east-1"];
    const relay = start("relay", [...target, "--port", "0", "--insecure", "--puts-max", "1"]);
    const endpoint = (await relay.line()).replace("listening on ", "");
    const telemetry = hurriedTelemetry({ endpoint, device: "d1", directory: await freshDirectory() });
    for (let i = 0; i < 30; i++) telemetry.record("tick", { i });
    await telemetry.close({ timeoutMs: 30_000 });
    relay.child.kill("SIGTERM");
    await relay.finished;

    const tail = await run("relay", ["tail", ...target, "--from-start"]);
    expect(tail.code).toBe(0);
    const lines = tail.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.filter(({ type }) => type === "tick").map(({ i }) => i)).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    );

    const json = await run("relay", ["audit", ...target, "--json"]);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      stream,
      totals: {
        epochs_complete: 1,
        epochs_incomplete: 0,
        epochs_unproven: 0,
        events: 30,
        duplicates: 0,
        missing: 0,
      },
      epochs: [{ device: "d1", epoch: telemetry.epoch, verdict: "COMPLETE", last_seq: 32, missing: [] }],
    });
    const words = await run("relay", ["audit", ...target]);
    expect(words.stdout).toContain("1 epochs complete, 0 incomplete, 0 unproven");
  });
});
