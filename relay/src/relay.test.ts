import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ManualClock } from "@tonearm/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { checkConfig } from "./config/check.ts";
import { startRelay } from "./relay.ts";
import { batchOf } from "./testing/batches.ts";
import { SILENT } from "./testing/pipelines.ts";
import { awsError, scriptedClient } from "./testing/scripted-client.ts";
import {
  away,
  freshClock,
  freshDirectory,
  SHARD,
  startOn,
  stop,
  stopAll,
  untilTheEnd,
} from "./testing/started-relays.ts";

afterEach(stopAll);

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe("a relay's spool", () => {
  it("is nobody else's to read: directory 0700, files 0600", async () => {
    const spool = join(await freshDirectory(), "deep", "spool");
    const { relay, clock } = await startOn(spool);
    let durable: string | undefined;
    const accept = (async () => {
      ({ durable } = await relay.pipeline.accept(batchOf("d1", 1, 5)));
    })();
    // The disk is real, and takes its own time beside the clock's.
    while (durable === undefined) await clock.advance(100);
    await accept;
    expect(durable).toBe("spool");
    expect([await modeOf(spool), await modeOf(join(spool, ".."))]).toEqual(["700", "700"]);
    const files = await readdir(spool);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const mode = file === "dead-letters" ? "700" : "600";
      expect([file, await modeOf(join(spool, file))]).toEqual([file, mode]);
    }
  });

  it("belongs to one relay at a time, and to the next one once that has ended", async () => {
    const spool = await freshDirectory();
    const { relay, clock } = await startOn(spool);
    await expect(startOn(spool)).rejects.toMatchObject({
      code: "directory_locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await stop(relay, clock);
    await startOn(spool);
  });

  it("is given back by a relay that could not start", async () => {
    const spool = await freshDirectory();
    const broken = scriptedClient({
      ListShards: () => {
        throw awsError("ResourceNotFoundException");
      },
      DescribeStreamSummary: () => new Promise(() => undefined),
    });
    const config = checkConfig({ insecure: true, port: 0, spool });
    await expect(startRelay(config, broken, freshClock(), SILENT)).rejects.toThrow("cannot be used");
    await startOn(spool);
  });
});

describe("a relay's listeners", () => {
  const statusesAt = (url: string) =>
    Promise.all(
      ["/healthz", "/readyz", "/metrics", "/status.json", "/", "/nothing"].map(async (path) => {
        const answer = await fetch(new URL(path, url));
        await answer.body?.cancel();
        return answer.status;
      }),
    );

  it("show the operator's pages beside the batches, unless they have a listener of their own", async () => {
    const clock = new ManualClock();
    const start = async (options: object) => {
      const config = checkConfig({ insecure: true, port: 0, ...options });
      const relay = await startRelay(config, away, clock, SILENT);
      untilTheEnd(relay, clock);
      return relay;
    };
    const together = await start({});
    expect(together.operatorUrl).toBe(together.url);
    expect(await statusesAt(together.url)).toEqual([200, 200, 200, 200, 200, 404]);
    const apart = await start({ operatorPort: 0 });
    expect(await statusesAt(apart.url)).toEqual([200, 200, 404, 404, 404, 404]);
    expect(await statusesAt(apart.operatorUrl)).toEqual([200, 200, 200, 200, 200, 404]);
    expect((await fetch(apart.operatorUrl, { method: "POST", body: "x" })).status).toBe(405);
  });
});

describe("a relay whose configuration is reloaded", () => {
  it("knows the new keys and origins from the next request on, and no longer the old ones", async () => {
    const first = { port: 0, writeKeys: ["first-key"], corsOrigins: ["https://first.example"] };
    const clock = new ManualClock();
    const relay = await startRelay(checkConfig(first), away, clock, SILENT);
    untilTheEnd(relay, clock);
    const ask = async (name: string) => {
      const headers = { authorization: `Bearer ${name}-key`, origin: `https://${name}.example` };
      const answer = await fetch(new URL("/v1/batches", relay.url), { method: "POST", headers });
      await answer.body?.cancel();
      // With a key, the next thing that is wrong is the type of the body.
      return [answer.status, answer.headers.has("access-control-allow-origin")];
    };
    expect([await ask("first"), await ask("second")]).toEqual([
      [415, true],
      [401, false],
    ]);
    const second = { ...first, writeKeys: ["second-key"], corsOrigins: ["https://second.example"] };
    expect(relay.reload(() => checkConfig(second))).toBe(true);
    expect([await ask("first"), await ask("second")]).toEqual([
      [401, false],
      [415, true],
    ]);
  });
});

describe("a revoke list that is read again", () => {
  it("is told by how much is on it", async () => {
    const revokedFile = join(await freshDirectory(), "revoked");
    await writeFile(revokedFile, "");
    const lines: unknown[][] = [];
    const log = { ...SILENT, info: (...line: unknown[]) => void lines.push(line) };
    const clock = freshClock();
    const config = checkConfig({ insecure: true, port: 0, revokedFile });
    const relay = await startRelay(config, away, clock, log);
    untilTheEnd(relay, clock);
    await writeFile(revokedFile, "device bath\ntoken t1\ntoken t2\n");
    expect(relay.reload(() => checkConfig({ ...config }))).toBe(true);
    expect(lines.at(-1)).toEqual(["revoked from now on", { devices: 1, tokens: 2, certificates: 0 }]);
  });
});

describe("a relay that ends", () => {
  it("says what did not arrive, what waits in the spool, and where everything went", async () => {
    const spool = await freshDirectory();
    let answers = true;
    const client = scriptedClient({
      ListShards: () => ({ Shards: [SHARD] }),
      DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
      PutRecords: () =>
        answers ? { Records: [{ SequenceNumber: "1", ShardId: "shard-0" }] } : new Promise(() => undefined),
    });
    const lines: unknown[][] = [];
    const note = (message: string, fields?: object) => lines.push([message, fields]);
    const log = { info: note, warn: note, error: note };
    const clock = freshClock();
    const config = checkConfig({ insecure: true, port: 0, spool, shutdownMs: 100 });
    const relay = await startRelay(config, client, clock, log);
    const first = relay.pipeline.accept(batchOf("d1", 1, 7));
    await clock.advance(1_000);
    await first;
    answers = false;
    const second = relay.pipeline.accept(batchOf("d2", 1, 5)).catch(() => undefined);
    await clock.advance(500);
    await stop(relay, clock);
    void second;
    expect(lines).toContainEqual(["not everything arrived in time; its senders keep it", { events: 5 }]);
    const sums = { received: 12, delivered: 7, spooled: 0, duplicates: 0, rejected: 0, left: 5 };
    expect(lines.at(-1)).toEqual(["stopped", sums]);
  });
});
