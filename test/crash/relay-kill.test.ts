import { rm } from "node:fs/promises";
import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { tally } from "@tonearm/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { KinesisProxy } from "../support/kinesis-proxy.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { lostOf } from "../support/outage-run.ts";
import { freePort } from "../support/ports.ts";
import { RawDevices } from "../support/raw-devices.ts";
import { startRelayProcess } from "../support/relay-process.ts";

/** The short form; `SOAK_KILLS=100` is the long one. */
const KILLS = Number(process.env.SOAK_KILLS ?? 8);
const DEVICES = { count: 8, batchEvents: 20, eventBytes: 200, pauseMs: 5, waitMsMax: 100 };
const NERVOUS = { failuresToOpen: 2, openMs: 100, openMsMax: 200, putTimeoutMs: 1_000, aggregateAgeMs: 20 };

describe("kill -9 of a relay with a spool", () => {
  let server: KinesisServer;
  let proxy: KinesisProxy;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    proxy = await KinesisProxy.start(server.endpoint);
  });
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
    await cleanUp();
  });

  /** Kills it again and again under load, `between` two lives; returns what the stream says of what was acknowledged. */
  async function killedAgainAndAgain(kills: number, between: (spool: string) => Promise<void>) {
    const stream = await freshStream(server, 2);
    const spool = await freshDirectory();
    const options = { ...NERVOUS, stream, endpoint: proxy.endpoint, port: await freePort(), spool };
    proxy.fault = { kind: "none" };
    let relay = await startRelayProcess(options);
    const devices = new RawDevices(relay.url, DEVICES);
    for (let i = 0; i < kills; i++) {
      // Two lives of three meet an outage; what one leaves behind, the next finds, and drains or fails to. The second outage
      // takes every call, and the life behind it begins in it.
      const isAway = i % 3 < 2;
      proxy.fault = { kind: (["500s", "expired credentials", "none"] as const)[i % 3]! };
      const before = devices.events;
      await until("something is acknowledged", () => devices.events > before);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (isAway ? 300 : 1_500)));
      await relay.kill();
      await between(spool);
      relay = await startRelayProcess(options);
    }
    await devices.stop();
    proxy.fault = { kind: "none" };
    await until("the spool is empty", async () => (await relay.status()).spool.batches === 0, 60_000);
    // A device with something in the spool queues behind it; these come when it is empty, and go past it.
    const late = new RawDevices(relay.url, { ...DEVICES, prefix: "late", count: 2 });
    await until("the stream takes batches", () => (late.answers.get("stream") ?? 0) > 0, 60_000);
    await late.stop();
    const { book } = await relay.status();
    expect(await relay.stop()).toBe(0);
    const { ledger } = await audit(server.client, stream, systemClock);
    return {
      lost: lostOf(devices, ledger) + lostOf(late, ledger),
      imbalance: book.imbalance,
      acked: devices.events,
      answers: devices.answers,
    };
  }

  it(`${KILLS} times at random during outage and drain loses nothing acknowledged`, async () => {
    const { lost, imbalance, acked, answers } = await killedAgainAndAgain(KILLS, async () => undefined);
    expect([lost, imbalance]).toEqual([0, 0]);
    expect(acked).toBeGreaterThan(KILLS * 20);
    expect(answers.get("spool")).toBeGreaterThan(0);
    tally(KILLS);
    console.log(`${KILLS} kills, ${acked} events acknowledged, ${lost} lost`, Object.fromEntries(answers));
  }, 600_000);

  it("loses events when the spool goes with it: the control", async () => {
    const { lost } = await killedAgainAndAgain(2, (spool) => rm(spool, { recursive: true, force: true }));
    expect(lost).toBeGreaterThan(0);
  });
});
