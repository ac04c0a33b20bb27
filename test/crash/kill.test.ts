import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const RECORDER = fileURLToPath(new URL("./recorder.ts", import.meta.url));
const KILLS = 50;

/** Lets a process record, kills it in the middle of whatever it does, and returns what it had said to be durable. */
async function killedRecorder(directory: string, relay: string, lifeMs: number, mode = "") {
  const child = fork(RECORDER, [directory, relay, mode], {
    execArgv: ["--conditions=source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let durable: { epoch: string; throughSeq: number } | undefined;
  child.on("message", (news: { epoch: string; throughSeq: number }) => {
    durable = news;
  });
  await once(child, "message");
  await new Promise((resolve) => setTimeout(resolve, lifeMs));
  child.kill("SIGKILL");
  await once(child, "close");
  return durable!;
}

describe("kill -9", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    stream = await freshStream(server, 2);
    relay = await startTestRelay(server, stream);
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  it(`of a recording process, ${KILLS} times, loses nothing that it had said to be durable`, async () => {
    const directory = await freshDirectory();
    const durable: { epoch: string; throughSeq: number }[] = [];
    for (let i = 0; i < KILLS; i++) {
      // Every other life has no relay, so that the next one finds something to send.
      const endpoint = i % 2 === 0 ? relay.url : "http://127.0.0.1:9";
      durable.push(await killedRecorder(directory, endpoint, (i * 37) % 150));
    }
    const last = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    expect(await last.close({ timeoutMs: 60_000 })).toEqual({
      durable: true,
      delivered: true,
      pendingEvents: 0,
    });

    const { epochs } = await verdictsOf(server.client, stream);
    expect(durable.every(({ throughSeq }) => throughSeq > 0)).toBe(true);
    for (const { epoch, throughSeq } of durable) {
      const report = epochs.get(epoch);
      expect(report?.lastSeq ?? 0).toBeGreaterThanOrEqual(throughSeq);
      // Everything durable is there, and nobody claims to know what else there was.
      expect(report).toMatchObject({ verdict: "UNPROVEN", end: "named", missing: [] });
    }
    expect(epochs.size).toBe(KILLS + 1);
  });

  it("would find out a process that calls durable what is only in memory (control)", async () => {
    const directory = await freshDirectory();
    const promised = await killedRecorder(directory, relay.url, 200, "recorded");
    const last = hurriedTelemetry({ endpoint: relay.url, device: "d1", directory });
    expect(await last.close({ timeoutMs: 60_000 })).toMatchObject({ durable: true, delivered: true });
    const { epochs } = await verdictsOf(server.client, stream);
    expect(promised.throughSeq).toBeGreaterThan(0);
    expect(epochs.get(promised.epoch)?.lastSeq ?? 0).toBeLessThan(promised.throughSeq);
  });
});
