import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { FaultProxy, NO_FAULTS, Random } from "@tonearm/simulator/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { readIndependently } from "../support/independent-reader.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { ROOT, run } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";

const SECRET = Buffer.alloc(32, 0x5c);
const KEY = `d1:${SECRET.toString("base64url")}`;
const NEXT_KEY = `d2:${Buffer.alloc(32, 0xc5).toString("base64url")}`;
const pseudonymOf = (value: string): string =>
  `d1~${createHmac("sha256", SECRET).update(value).digest().toString("base64url", 0, 16)}`;
/** A circuit that opens and closes within a test's patience. */
const NERVOUS = {
  failuresToOpen: 2,
  openMs: 200,
  openMsMax: 400,
  deliveryDeadlineMs: 2_000,
  putTimeoutMs: 2_000,
};

let server: KinesisServer;
let proxy: FaultProxy;
beforeAll(async () => {
  server = await startServer("kinesalite");
  proxy = await FaultProxy.start(new URL(server.endpoint), new Random("privacy"), systemClock, NO_FAULTS);
});
afterEach(() => proxy.setOnline(true));
afterAll(async () => {
  await proxy?.close();
  await server?.stop();
  await cleanUp();
});

/** The contents of all files of a directory. */
async function filesIn(directory: string): Promise<Buffer> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = found.filter((each) => each.isFile());
  return Buffer.concat(
    await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name)))),
  );
}

describe("pseudonyms", () => {
  it("stand in the stream and in the spool in the place of ids, and the audit proves as before", async () => {
    const stream = await freshStream(server, 2);
    const spool = await freshDirectory();
    const options = { ...NERVOUS, spool, pseudonymKey: KEY, pseudonymPaths: ["listener.id", "members"] };
    const relay = await startTestRelay({ endpoint: proxy.url }, stream, options);
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "canary-device",
      directory: await freshDirectory(),
    });
    const record = () =>
      telemetry.record("heard", {
        listener: { id: "canary-listener", big: 12_345_678_901_234 },
        members: ["canary-device", "canary-member"],
        title: "Étude",
      });
    record();
    expect(await telemetry.flush()).toMatchObject({ delivered: true });
    proxy.setOnline(false);
    record();
    expect(await telemetry.flush({ timeoutMs: 20_000 })).toMatchObject({ delivered: true });
    const spooled = await filesIn(spool);
    expect(spooled.includes(pseudonymOf("canary-device"))).toBe(true);
    expect(spooled.includes("canary")).toBe(false);
    proxy.setOnline(true);
    expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    await until("an empty spool", () => relay.pipeline.spooled.batches === 0);
    await relay.stop();
    const { totals, ledger } = await audit(server.client, stream, systemClock);
    expect([...ledger.reports()]).toMatchObject([
      { device: pseudonymOf("canary-device"), epoch: telemetry.epoch, verdict: "COMPLETE" },
    ]);
    expect([totals.events, totals.missing, totals.withheld]).toEqual([2, 0, 0]);
    const { records } = await readIndependently(server.client, stream);
    expect(JSON.stringify(records)).not.toContain("canary");
    const heard = records.map(({ json }) => json).filter(({ type }) => type === "heard");
    expect(heard[0]).toMatchObject({
      device: pseudonymOf("canary-device"),
      listener: { id: pseudonymOf("canary-listener"), big: 12_345_678_901_234 },
      members: [pseudonymOf("canary-device"), pseudonymOf("canary-member")],
      title: "Étude",
    });
  });

  it("change with their key in the middle of an epoch, and nothing is missing to the audit", async () => {
    const stream = await freshStream(server, 2);
    const relay = await startTestRelay(server, stream, { pseudonymKey: KEY });
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "canary-device",
      directory: await freshDirectory(),
    });
    for (const key of [KEY, NEXT_KEY]) {
      expect(relay.change({ pseudonymKey: key })).toBe(true);
      for (let i = 0; i < 10; i++) telemetry.record("tick", { i });
      expect(await telemetry.flush()).toMatchObject({ delivered: true });
    }
    await telemetry.close();
    await relay.stop();
    const { totals, ledger } = await audit(server.client, stream, systemClock);
    expect([...ledger.reports()].map(({ verdict }) => verdict)).toEqual(["COMPLETE"]);
    expect([totals.events, totals.missing, totals.duplicates]).toEqual([20, 0, 0]);
    const { records } = await readIndependently(server.client, stream);
    const domains = new Set(records.map(({ json }) => String(json.device).split("~")[0]));
    expect(domains).toEqual(new Set(["d1", "d2"]));
  });
});

describe("secrets", () => {
  const canary = "canary-secret-0123456789-0123456789-0123456789";
  const env = {
    TONEARM_WRITE_KEYS: canary,
    TONEARM_TOKEN_KEYS: `k1:${canary}`,
    TONEARM_PSEUDONYM_KEY: `d1:${canary}`,
  };

  it.each([
    ["what is in force is printed", ["--check"], env, 0],
    ["help is asked for", ["--help"], env, 0],
    ["nobody answers at the stream's address", ["--endpoint", "http://127.0.0.1:9"], env, 1],
    ["the keys are no keys", [], { ...env, TONEARM_TOKEN_KEYS: canary, TONEARM_PSEUDONYM_KEY: canary }, 2],
    [
      "there are too many of them",
      ["--check"],
      { ...env, TONEARM_WRITE_KEYS: Array(3).fill(canary).join() },
      2,
    ],
    ["they are given as flags", ["--write-keys", canary, "--pseudonym-key", canary], {}, 2],
    ["a file is named that is none", ["--revoked-file", "/", "--insecure"], env, 2],
  ] as [string, string[], Record<string, string>, number][])(
    "show nowhere when %s",
    async (_, args, environment, code) => {
      const { stdout, stderr, ...ended } = await run("relay", args, environment);
      expect([ended.code, `${stdout}${stderr}`.length > 0]).toEqual([code, true]);
      expect(`${stdout}${stderr}`).not.toContain(canary);
    },
  );
});

describe("addresses of senders", () => {
  it("are not even read: no source of the relay names one", async () => {
    const sources = (await readdir(join(ROOT, "relay", "src"), { recursive: true })).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
    );
    expect(sources.length).toBeGreaterThan(50);
    for (const name of sources) {
      const source = await readFile(join(ROOT, "relay", "src", name), "utf8");
      expect([name, /remoteAddress|remoteFamily|forwarded|real-ip/i.test(source)]).toEqual([name, false]);
    }
  });
});

describe("canaries", () => {
  /** An address that a device comes from, and the one that a proxy says it comes from. */
  const ADDRESS = "127.0.0.77";
  const FORWARDED = "203.0.113.77";
  const WRITE_KEY = "canary-write-key-1";
  const LINE = '["x",1,1,null,{"t":"canary-payload"}]\n';
  const batch = (header: object, lines: string) => `${JSON.stringify({ v: 1, ...header })}\n${lines}`;
  const GOOD = { device: "canary-device", epoch: "canary-epoch", first_seq: 1, count: 1 };

  async function post(relay: TestRelay, body: string, headers: Record<string, string> = {}): Promise<string> {
    const sending = request(new URL("/v1/batches?canary-query", relay.url), {
      method: "POST",
      localAddress: ADDRESS,
      headers: {
        "content-type": "application/x-ndjson",
        authorization: `Bearer ${WRITE_KEY}`,
        "x-forwarded-for": FORWARDED,
        "user-agent": "canary-agent",
        ...headers,
      },
    });
    const answered = once(sending, "response");
    sending.end(body);
    const [response] = await answered;
    return `${response.statusCode} ${JSON.stringify(response.headers)} ${await text(response)}`;
  }

  async function raw(relay: TestRelay, bytes: string): Promise<string> {
    const socket = connect({
      port: Number(new URL(relay.url).port),
      host: "127.0.0.1",
      localAddress: ADDRESS,
    });
    socket.end(bytes);
    return text(socket);
  }

  it("of keys, addresses, payloads and headers show in no log, no answer, no figure and no status", async () => {
    const stream = await freshStream(server, 1);
    const relay = await startTestRelay({ endpoint: proxy.url }, stream, {
      ...NERVOUS,
      insecure: false,
      writeKeys: [WRITE_KEY, "canary-write-key-2"],
      tokenKeys: [`canary-signer:${SECRET.toString("base64url")}`],
      pseudonymKey: KEY,
      pseudonymPaths: ["t"],
    });
    const said: string[] = [];
    try {
      said.push(await post(relay, batch(GOOD, LINE)));
      expect(said[0]).toMatch(/^200 /);
      const bad: [string, Record<string, string>?][] = [
        [batch({ ...GOOD, device: "canary device" }, LINE)],
        [batch({ ...GOOD, "canary-field": 1 }, LINE)],
        [batch(GOOD, '["canary type",1,1,null,{}]\n')],
        [batch(GOOD, '["x",1,1,null,{"canary":]\n')],
        [batch(GOOD, '["x",1,1,null,{"device":"canary"}]\n')],
        ["canary\r\n\u001b[31mcanary\u2028canary\u0000../../canary"],
        [batch(GOOD, LINE), { authorization: "Bearer canary-wrong-key" }],
        [batch(GOOD, LINE), { authorization: `Bearer eyJjYW5hcnkiOjF9.canary.canary` }],
        [batch(GOOD, LINE), { "content-type": "application/canary" }],
        [batch(GOOD, LINE), { "content-encoding": "canary" }],
      ];
      for (const [body, headers] of bad) {
        const answer = await post(relay, body, headers);
        expect(answer).toMatch(/^4/);
        said.push(answer);
      }
      said.push(await raw(relay, "CANARY canary HTTP/9\r\ncanary\r\n\r\n"));
      said.push(
        await raw(relay, `GET /canary HTTP/1.1\r\nhost: canary\r\nx: ${"canary".repeat(3_000)}\r\n\r\n`),
      );
      // What Kinesis says, and what goes wrong on the way to it, is logged.
      proxy.setOnline(false);
      said.push(await post(relay, batch({ ...GOOD, first_seq: 2 }, LINE)));
      proxy.setOnline(true);
      for (const path of ["/metrics", "/status.json", "/healthz", "/readyz", "/canary"])
        said.push(await (await fetch(new URL(path, relay.url))).text());
    } finally {
      proxy.setOnline(true);
      await relay.stop();
    }
    const everything = [...said, ...relay.logged].join("\n");
    expect(relay.logged.join("\n")).toContain("circuit");
    for (const word of ["canary", "Canary", ADDRESS, FORWARDED, SECRET.toString("base64url"), "\u001b"]) {
      expect([word, everything.includes(word)]).toEqual([word, false]);
    }
  });
});
