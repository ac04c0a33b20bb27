import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const CANARY = `canary-${randomBytes(8).toString("hex")}`;
const NOWHERE = "http://127.0.0.1:9";

/** What stands packed in the frames of a segment, read by the layout above `segment-format.ts`. */
function unpackedFrames(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = file.indexOf("frm\x01"); at >= 0; at = file.indexOf("frm\x01", at + 1)) {
    const payload = file.subarray(at + 28, at + 28 + file.readUInt32LE(at + 8));
    if (file[at + 4] === 3) found.push(brotliDecompressSync(payload.subarray(4)));
  }
  return found;
}

/** Files of a directory, those of its subdirectories too, that hold the canary, packed or not. */
async function filesWithCanary(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = await readFile(join(entry.parentPath, entry.name));
    if ([file, ...unpackedFrames(file)].some((bytes) => bytes.includes(CANARY))) found.push(entry.name);
  }
  return found;
}

/** Data that packing makes hardly smaller. */
const withCanary = (i: number) => ({ i, text: CANARY, noise: randomBytes(150).toString("base64") });

describe("withdrawn consent", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    relay = await startTestRelay(server, stream);
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  it("leaves no byte of an event in the directory, and a stream that says COMPLETE with what was purged", async () => {
    const directory = await freshDirectory();
    const options = { device: "d1", directory, segmentBytes: 16_384 };
    const earlier = hurriedTelemetry({ ...options, endpoint: NOWHERE });
    for (let i = 0; i < 1_000; i++) {
      earlier.record("tick", withCanary(i));
      if (i % 100 === 0) await earlier.flush({ timeoutMs: 20 });
    }
    await earlier.close({ timeoutMs: 100 });
    // The first file of the earlier run, with its $open, cannot be used; it stays until that is declared, as it is.
    const names = (await readdir(directory)).filter((name) => name.startsWith("seg-")).toSorted();
    const spoilt = join(directory, names[0]!);
    const bytes = await readFile(spoilt);
    await writeFile(spoilt, bytes.fill(0x58, 0, 256));
    // Another one is in quarantine since an earlier start.
    await mkdir(join(directory, "quarantine"));
    await writeFile(join(directory, "quarantine", "seg-0000000000000000.log"), bytes);

    const present = hurriedTelemetry({ ...options, endpoint: NOWHERE });
    for (let i = 0; i < 500; i++) present.record("tick", withCanary(i));
    await present.ready;
    await present.flush({ timeoutMs: 300 });
    for (let i = 0; i < 20; i++) present.record("tick", withCanary(i));
    // In quarantine and outside of it.
    expect(await filesWithCanary(join(directory, "quarantine"))).toHaveLength(1);
    expect((await filesWithCanary(directory)).length).toBeGreaterThan(1);

    expect(await present.setConsent("denied")).toEqual({ complete: true });
    expect(await filesWithCanary(directory)).toEqual([]);
    await present.close({ timeoutMs: 100 });
    expect(await filesWithCanary(directory)).toEqual([]);

    const last = hurriedTelemetry({ ...options, endpoint: relay.url, consent: "denied" });
    expect(await last.close({ timeoutMs: 30_000 })).toEqual({
      durable: true,
      delivered: true,
      pendingEvents: 0,
    });
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(events).toEqual([]);
    expect(epochs.get(earlier.epoch)).toMatchObject({ verdict: "COMPLETE", dropped: 1_001, events: 0 });
    expect(epochs.get(present.epoch)).toMatchObject({ verdict: "COMPLETE", dropped: 520, events: 0 });
    expect(epochs.get(last.epoch)).toMatchObject({ verdict: "COMPLETE", dropped: 0 });
  });

  it("given again goes on in the same epoch, and what was recorded before and after is told apart", async () => {
    const directory = await freshDirectory();
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d2", directory });
    telemetry.record("before", {});
    await telemetry.flush();
    const denied = telemetry.setConsent("denied");
    expect(telemetry.record("during", { text: CANARY })).toMatchObject({
      status: "dropped",
      reason: "consent",
    });
    await denied;
    await telemetry.setConsent("granted");
    telemetry.record("after", {});
    expect(await telemetry.close()).toMatchObject({ delivered: true });
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)).toMatchObject({ verdict: "COMPLETE", dropped: 0, events: 2 });
    expect(events.filter(({ device }) => device === "d2").map(({ type }) => type)).toEqual([
      "before",
      "after",
    ]);
  });

  it("an instance that was never allowed writes nothing of anybody, and no relay hears of it", async () => {
    const directory = await freshDirectory();
    const telemetry = hurriedTelemetry({ endpoint: relay.url, device: "d3", directory, consent: "denied" });
    telemetry.record("tick", { text: CANARY });
    expect(await telemetry.close()).toMatchObject({ pendingEvents: 0 });
    expect(await filesWithCanary(directory)).toEqual([]);
    const { epochs } = await verdictsOf(server.client, stream);
    expect(epochs.has(telemetry.epoch)).toBe(false);
  });
});
