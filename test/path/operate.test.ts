import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { MEDIA_NDJSON } from "@tonearm/sdk/wire";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { start } from "../support/processes.ts";

const HEAD = { v: 1, device: "d1", epoch: "epoch-1", first_seq: 1, count: 2 };
const EVENT = ["tick", 1_763_840_940_000, 0, null, {}];
const BATCH = [HEAD, EVENT, EVENT].map((line) => `${JSON.stringify(line)}\n`).join("");

/** Sends a batch; resolves to the status of the answer. */
async function send(endpoint: string, key: string): Promise<number> {
  const headers = { "content-type": MEDIA_NDJSON, authorization: `Bearer ${key}` };
  const answer = await fetch(new URL("/v1/batches", endpoint), { method: "POST", headers, body: BATCH });
  await answer.body?.cancel();
  return answer.status;
}

const metricsOf = async (endpoint: string): Promise<string> =>
  (await fetch(new URL("/metrics", endpoint))).text();

describe("a relay's process", () => {
  let kinesis: KinesisServer;
  beforeAll(async () => {
    kinesis = await startServer("kinesalite");
  });
  afterAll(async () => {
    await kinesis?.stop();
    await cleanUp();
  });

  it("takes new keys on SIGHUP without refusing anybody meanwhile, and keeps the old ones when they cannot be used", async () => {
    const directory = await freshDirectory();
    const path = join(directory, "relay.json");
    const options = {
      stream: await freshStream(kinesis, 1),
      endpoint: kinesis.endpoint,
      region: "us-east-1",
    };
    const configure = (more: object) => writeFile(path, JSON.stringify({ port: 0, ...options, ...more }));
    await configure({ writeKeys: ["first-key"] });
    const relay = start("relay", ["--config", path], { AWS_ACCESS_KEY_ID: "t", AWS_SECRET_ACCESS_KEY: "t" });
    const endpoint = (await relay.line()).replace("listening on ", "");
    const reload = async (expected: string) => {
      relay.child.kill("SIGHUP");
      await until("a reload", async () =>
        (await metricsOf(endpoint)).includes(`\ntonearm_config_reloads_total${expected}\n`),
      );
    };
    expect([await send(endpoint, "first-key"), await send(endpoint, "second-key")]).toEqual([200, 401]);
    await configure({ writeKeys: ["first-key", "second-key"] });
    await reload('{result="succeeded"} 1');
    expect([await send(endpoint, "first-key"), await send(endpoint, "second-key")]).toEqual([200, 200]);
    await configure({ writeKeys: ["second-key"], putTimeOutMs: 5 });
    await reload('{result="failed"} 1');
    expect([await send(endpoint, "first-key"), await send(endpoint, "second-key")]).toEqual([200, 200]);
    await configure({ writeKeys: ["second-key"] });
    await reload('{result="succeeded"} 2');
    expect([await send(endpoint, "first-key"), await send(endpoint, "second-key")]).toEqual([401, 200]);
    relay.child.kill("SIGTERM");
    const { code, stderr } = await relay.finished;
    expect(code).toBe(0);
    expect(stderr).toContain(`unknown option \\"putTimeOutMs\\" in ${path}, did you mean putTimeoutMs?`);
    expect(stderr).not.toMatch(/(?:first|second)-key/);
  });

  it("says what did not arrive when Kinesis does not answer at the end, and ends with 1 within its deadline", async () => {
    const hole = await makeHole(new URL(kinesis.endpoint));
    const target = [
      "--stream",
      await freshStream(kinesis, 1),
      "--endpoint",
      hole.endpoint,
      "--region",
      "us-east-1",
    ];
    const patience = ["--put-timeout-ms", "2000", "--shutdown-ms", "500"];
    const env = { AWS_ACCESS_KEY_ID: "t", AWS_SECRET_ACCESS_KEY: "t" };
    const relay = start("relay", [...target, ...patience, "--port", "0", "--insecure"], env);
    const endpoint = (await relay.line()).replace("listening on ", "");
    hole.swallow();
    const sent = send(endpoint, "").catch(() => undefined);
    await until("a batch under way", async () =>
      (await metricsOf(endpoint)).includes("\ntonearm_events_in_flight 2\n"),
    );
    relay.child.kill("SIGTERM");
    const { code, stderr } = await relay.finished;
    await sent;
    hole.close();
    const said = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    expect(said).toContainEqual(
      expect.objectContaining({ message: "not everything arrived in time; its senders keep it", events: 2 }),
    );
    expect(said.at(-1)).toMatchObject({ message: "stopped", received: 2, delivered: 0, left: 2 });
  });
});

/** A way to Kinesis that at some time takes everything and answers nothing. */
async function makeHole(target: URL) {
  const sockets = new Set<Socket>();
  let isOpen = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => undefined));
    client.on("data", (bytes) => !isOpen && upstream.write(bytes));
    upstream.on("data", (bytes) => client.write(bytes));
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallow: () => {
      isOpen = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
