import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
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

/** What a relay is told by its medium; see `lying-medium.ts`. */
type Lies = "none" | "free" | "free,written";

const PRELOAD = new URL("./lying-medium.ts", import.meta.url).href;
const environmentOf = (lies: Lies) =>
  lies === "none" ? {} : { NODE_OPTIONS: `--import=${PRELOAD}`, LIES: lies };

/** An outage of Kinesis while the spool's disk is full; returns what became of everything that was accepted. */
async function outageOnAFullDisk(lies: Lies) {
  const directory = await freshDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${64 + SPOOL_MIB}m`, "tmpfs", directory]);
  const server = await startServer("kinesalite");
  const proxy = await KinesisProxy.start(server.endpoint);
  try {
    const stream = await freshStream(server, 4);
    const spool = join(directory, "spool");
    const filler = join(directory, "filler");
    const place = { stream, endpoint: proxy.endpoint, port: await freePort(), spool };
    const relay = await startRelayProcess({ ...NERVOUS, ...place }, environmentOf(lies));
    proxy.fault = { kind: "expired credentials" };
    // Who hears of room that is not there may take all of it: then it is others who leave so little.
    if (lies !== "none") writeFileSync(filler, Buffer.alloc(64 * MIB));
    const devices = new RawDevices(relay.url, LOAD);
    const refused = () => devices.answers.get("stream_unavailable") ?? 0;
    const goesOn = lies === "free,written" ? () => devices.events > 10_000 : () => refused() > 20;
    await until("the spool is full", goesOn);
    const spooledBytes = (await relay.status()).spool.bytes;
    // Somebody else takes what the spool had left to others: now nothing at all can be written.
    fill(filler);
    const before = devices.events + refused();
    await until("it goes on answering", () => devices.events + refused() > before + 50);
    const { imbalance } = (await relay.status()).book;
    rmSync(filler);
    proxy.fault = { kind: "none" };
    await until("it takes events again", () => (devices.answers.get("stream") ?? 0) > 20);
    await devices.stop();
    await until("the spool is empty", async () => (await relay.status()).book.spooled === 0, 60_000);
    const exitCode = await relay.stop();
    const { ledger } = await audit(server.client, stream, systemClock);
    const answers = [...devices.answers.keys()].toSorted();
    return { spooledBytes, imbalance, exitCode, lost: lostOf(devices, ledger), answers };
  } finally {
    await proxy.close();
    await server.stop();
    execFileSync("umount", ["-l", directory]);
  }
}

describe.skipIf(!MAY_MOUNT)("a spool whose disk is full (SKIPPED unless root may mount)", () => {
  it.each(["none", "free"] as const)(
    "refuses and says when to come again, lives, and loses nothing that it had accepted (the medium's lies: %s)",
    async (lies) => {
      const { spooledBytes, ...rest } = await outageOnAFullDisk(lies);
      expect(spooledBytes).toBeLessThan((SPOOL_MIB + 2) * MIB);
      const answers = ["spool", "stream", "stream_unavailable"];
      expect(rest).toEqual({ imbalance: 0, exitCode: 0, lost: 0, answers });
    },
  );

  it("would be found out if it took what was not written for written (control)", async () => {
    const { lost } = await outageOnAFullDisk("free,written");
    expect(lost).toBeGreaterThan(0);
  });
});
