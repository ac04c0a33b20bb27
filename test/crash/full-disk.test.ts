import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { KinesisProxy } from "../support/kinesis-proxy.ts";
import { freshStream, startServer } from "../support/kinesis-servers.ts";
import { lostOf } from "../support/outage-run.ts";
import { freePort } from "../support/ports.ts";
import { RawDevices } from "../support/raw-devices.ts";
import { startRelayProcess } from "../support/relay-process.ts";

const MAY_MOUNT = process.platform === "linux" && process.getuid?.() === 0;
const MIB = 1_048_576;
/** The spool leaves 64 MiB to others, so that this much is for it. */
const SPOOL_MIB = 6;
const LOAD = { count: 20, batchEvents: 50, eventBytes: 1_000, pauseMs: 0, waitMsMax: 200 };
const NERVOUS = { failuresToOpen: 2, openMs: 200, openMsMax: 500, putTimeoutMs: 1_000 };

afterAll(cleanUp);

/** Writes until nothing more fits. */
function fill(file: string): void {
  for (const bytes of [MIB, 4_096, 1]) {
    const part = Buffer.alloc(bytes);
    try {
      for (;;) appendFileSync(file, part);
    } catch {
      // Full, but for less than this.
    }
  }
}

describe.skipIf(!MAY_MOUNT)("a spool whose disk is full (SKIPPED unless root may mount)", () => {
  it("refuses and says when to come again, lives, and loses nothing that it had accepted", async () => {
    const directory = await freshDirectory();
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${64 + SPOOL_MIB}m`, "tmpfs", directory]);
    const server = await startServer("kinesalite");
    const proxy = await KinesisProxy.start(server.endpoint);
    try {
      const stream = await freshStream(server, 4);
      const spool = join(directory, "spool");
      const place = { stream, endpoint: proxy.endpoint, port: await freePort(), spool };
      const relay = await startRelayProcess({ ...NERVOUS, ...place });
      proxy.fault = { kind: "expired credentials" };
      const devices = new RawDevices(relay.url, LOAD);
      const refused = () => devices.answers.get("stream_unavailable") ?? 0;
      await until("the spool is full", () => refused() > 20);
      expect((await relay.status()).spool.bytes).toBeLessThan((SPOOL_MIB + 2) * MIB);
      // Somebody else takes what the spool had left to others: now nothing at all can be written.
      const filler = join(directory, "filler");
      fill(filler);
      const before = refused();
      await until("it goes on refusing", () => refused() > before + 50);
      expect((await relay.status()).book.imbalance).toBe(0);
      rmSync(filler);
      proxy.fault = { kind: "none" };
      await until("it takes events again", () => (devices.answers.get("stream") ?? 0) > 20);
      await devices.stop();
      await until("the spool is empty", async () => (await relay.status()).book.spooled === 0, 60_000);
      expect(await relay.stop()).toBe(0);
      const { ledger } = await audit(server.client, stream, systemClock);
      expect(lostOf(devices, ledger)).toBe(0);
      expect([...devices.answers.keys()].toSorted()).toEqual(["spool", "stream", "stream_unavailable"]);
    } finally {
      await proxy.close();
      await server.stop();
      execFileSync("umount", ["-l", directory]);
    }
  });
});
