import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { issueToken, type NamedKey, parseNamedKey } from "@tonearm/relay";
import type { Telemetry } from "@tonearm/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BATH, DEVICES_CA, KITCHEN, ROGUE } from "../support/client-certificates.ts";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../support/loopback-certificate.ts";
import { run } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const secret = (fill: number): string => Buffer.alloc(32, fill).toString("base64url");
const SIGNERS = { k1: `k1:${secret(1)}`, k2: `k2:${secret(2)}` };
const keyOf = (spelled: string): NamedKey => parseNamedKey(spelled)!;

/** A token that is good for so long, by the clock of this machine. */
const tokenFor = (device: string, signer = SIGNERS.k1, validMs = 60_000, id = `token-of-${device}`): string =>
  issueToken(keyOf(signer), { device, audience: "tonearm", expiresMs: Date.now() + validMs, id });

let server: KinesisServer;
let files: string;
beforeAll(async () => {
  server = await startServer("kinesalite");
  files = await freshDirectory();
});
afterAll(async () => {
  await server?.stop();
  await cleanUp();
});

async function file(name: string, text: string): Promise<string> {
  const path = join(files, name);
  await writeFile(path, text);
  return path;
}

async function using(
  options: Readonly<Record<string, unknown>>,
  body: (relay: TestRelay, stream: string) => Promise<void>,
): Promise<void> {
  const stream = await freshStream(server, 1);
  const relay = await startTestRelay(server, stream, { insecure: false, ...options });
  try {
    await body(relay, stream);
    expect(relay.pipeline.book.imbalance).toBe(0);
  } finally {
    await relay.stop();
  }
}

/** A device that says what the relay has against it. */
async function startDevice(
  relay: TestRelay,
  name: string,
  more: Partial<Parameters<typeof hurriedTelemetry>[0]>,
): Promise<{ telemetry: Telemetry; refusals: string[] }> {
  const telemetry = hurriedTelemetry({
    endpoint: relay.url,
    device: name,
    directory: await freshDirectory(),
    ...more,
  });
  const refusals: string[] = [];
  telemetry.on("error", ({ message }) => refusals.push(message));
  return { telemetry, refusals };
}

const body = (name: string, epoch: string) =>
  `{"v":1,"device":"${name}","epoch":"${epoch}","first_seq":1,"count":1}\n["x",1,1,null,{}]\n`;

async function post(relay: TestRelay, credential: string, name: string): Promise<string> {
  const response = await fetch(new URL("/v1/batches", relay.url), {
    method: "POST",
    body: body(name, "by-hand"),
    headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${credential}` },
  });
  const { code = "", message = "" } = (await response.json()) as { code?: string; message?: string };
  expect(message).not.toContain(credential);
  return `${response.status} ${code}`.trim();
}

describe("device tokens", () => {
  it("let a device write as itself and as nobody else, until they expire or are revoked", async () => {
    const revokedFile = await file("revoked", "");
    await using({ tokenKeys: [SIGNERS.k1], revokedFile }, async (relay) => {
      expect(await post(relay, tokenFor("kitchen"), "kitchen")).toBe("200");
      expect(await post(relay, tokenFor("kitchen"), "bath")).toBe("403 forbidden");
      expect(await post(relay, tokenFor("kitchen", SIGNERS.k1, -2_000), "kitchen")).toBe("401 unauthorized");
      expect(await post(relay, tokenFor("kitchen", SIGNERS.k2), "kitchen")).toBe("401 unauthorized");
      expect(await post(relay, tokenFor("kitchen").slice(0, -2), "kitchen")).toBe("401 unauthorized");
      expect(await post(relay, "no-token-at-all", "kitchen")).toBe("401 unauthorized");
      await writeFile(revokedFile, "token token-of-kitchen\n");
      expect(relay.change({})).toBe(true);
      expect(await post(relay, tokenFor("kitchen"), "kitchen")).toBe("401 unauthorized");
      expect(await post(relay, tokenFor("kitchen", SIGNERS.k1, 60_000, "another"), "kitchen")).toBe("200");
      await writeFile(revokedFile, "this is not a list\n");
      expect(relay.change({})).toBe(false);
      // A list that cannot be read revokes nothing less than before.
      expect(await post(relay, tokenFor("kitchen"), "kitchen")).toBe("401 unauthorized");
    });
  });

  it("are issued by a command, whose key comes from the environment and never from a flag", async () => {
    const env = { TONEARM_TOKEN_KEYS: SIGNERS.k1 };
    const issued = await run("relay", ["token", "--device", "kitchen", "--valid-s", "600"], env);
    expect(issued).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]{43}\n$/),
    });
    expect(issued.stderr).toMatch(/^token [\w-]{16} for device kitchen, until 20/);
    await using({ tokenKeys: [SIGNERS.k1] }, async (relay) => {
      expect(await post(relay, issued.stdout.trim(), "kitchen")).toBe("200");
    });
    const refused = await run("relay", ["token", "--device", "kitchen", "--token-keys", SIGNERS.k1], {});
    expect(refused.code).toBe(2);
    expect(refused.stderr).not.toContain(secret(1));
    expect(await run("relay", ["token", "--device", "a b"], env)).toMatchObject({ code: 2 });
    expect(await run("relay", ["token", "--device", "kitchen"], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("TONEARM_TOKEN_KEYS"),
    });
  });

  it("that live for a second are renewed under way, and nothing is lost", async () => {
    await using({ tokenKeys: [SIGNERS.k1] }, async (relay, stream) => {
      let issued = 0;
      let token = "";
      let asked = 0;
      const renewing = () => {
        // Renewed only every few requests: some go out with one that has expired.
        if (asked++ % 4 === 0) {
          token = tokenFor("kitchen", SIGNERS.k1, 300);
          issued++;
        }
        return token;
      };
      const { telemetry, refusals } = await startDevice(relay, "kitchen", {
        key: renewing,
        flushIntervalMs: 100,
      });
      for (let i = 0; i < 100; i++) {
        telemetry.record("tick", { i });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
      expect(issued).toBeGreaterThan(2);
      expect(refusals.every((message) => message.includes("expired"))).toBe(true);
      const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
      expect(epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
      expect([events.length, duplicates]).toEqual([100, 0]);
    });
  });
});

describe("a change of keys under load", () => {
  it("loses nothing while old and new overlap: of the keys of tokens, and of write keys", async () => {
    const before = { tokenKeys: [SIGNERS.k1], writeKeys: ["write-key-1"] };
    await using(before, async (relay, stream) => {
      let signer = SIGNERS.k1;
      let writeKey = "write-key-1";
      const devices = await Promise.all([
        ...["a", "b", "c"].map((name) => startDevice(relay, name, { key: () => tokenFor(name, signer) })),
        ...["d", "e", "f"].map((name) => startDevice(relay, name, { key: () => writeKey })),
      ]);
      const delivered = () => relay.pipeline.book.delivered;
      const record = async (count: number) => {
        const from = delivered();
        for (let i = 0; i < count; i++) for (const { telemetry } of devices) telemetry.record("tick", { i });
        await until("deliveries", () => delivered() >= from + count * devices.length);
      };
      await record(20);
      expect(
        relay.change({ tokenKeys: [SIGNERS.k2, SIGNERS.k1], writeKeys: ["write-key-2", "write-key-1"] }),
      ).toBe(true);
      await record(20);
      signer = SIGNERS.k2;
      writeKey = "write-key-2";
      await record(20);
      expect(relay.change({ tokenKeys: [SIGNERS.k2], writeKeys: ["write-key-2"] })).toBe(true);
      await record(20);
      expect(await post(relay, tokenFor("a", SIGNERS.k1), "a")).toBe("401 unauthorized");
      expect(await post(relay, "write-key-1", "a")).toBe("401 unauthorized");
      for (const { telemetry } of devices) {
        expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
      }
      expect(devices.flatMap(({ refusals }) => refusals)).toEqual([]);
      const { epochs, events, missing, duplicates } = await verdictsOf(server.client, stream);
      expect([...epochs.values()].map(({ verdict }) => verdict)).toEqual(devices.map(() => "COMPLETE"));
      expect([events.length, missing, duplicates]).toEqual([80 * devices.length, 0, 0]);
    });
  });
});

describe("TLS", () => {
  const tls = async () => ({
    tlsCertFile: await file("cert.pem", LOOPBACK_CERTIFICATE),
    tlsKeyFile: await file("key.pem", LOOPBACK_KEY),
    tlsClientCaFile: await file("ca.pem", DEVICES_CA),
  });
  const trust = { ca: LOOPBACK_CERTIFICATE };

  it("is spoken by the relay itself, and a certificate lets its device write, and no other", async () => {
    await using(await tls(), async (relay, stream) => {
      expect(relay.url).toMatch(/^https:/);
      const good = await startDevice(relay, "kitchen", { tls: { ...trust, ...KITCHEN } });
      good.telemetry.record("tick", {});
      expect(await good.telemetry.close()).toMatchObject({ delivered: true });
      const refused = [
        ["kitchen", { ...trust, ...BATH }, "403 forbidden"],
        ["kitchen", { ...trust, ...ROGUE }, "401 unauthorized"],
        ["kitchen", trust, "401 unauthorized"],
      ] as const;
      for (const [name, options, words] of refused) {
        const { telemetry, refusals } = await startDevice(relay, name, { tls: options });
        telemetry.record("forged", {});
        await until("a refusal", () => refusals.length > 0);
        await telemetry.close({ timeoutMs: 10 });
        expect(refusals[0]).toContain(words);
      }
      const { epochs, events } = await verdictsOf(server.client, stream);
      expect([epochs.size, events.map(({ type }) => type)]).toEqual([1, ["tick"]]);
    });
  });

  it("takes tokens too, from who has no certificate", async () => {
    await using({ ...(await tls()), tokenKeys: [SIGNERS.k1] }, async (relay) => {
      const { telemetry } = await startDevice(relay, "kitchen", {
        tls: trust,
        key: () => tokenFor("kitchen"),
      });
      telemetry.record("tick", {});
      expect(await telemetry.close()).toMatchObject({ delivered: true });
    });
  });

  it("goes on with a new certificate after a reload, and with the old one while the new one cannot be used", async () => {
    const options = await tls();
    await using(options, async (relay) => {
      expect(await shownBy(relay)).toBe("localhost");
      await writeFile(options.tlsCertFile, KITCHEN.cert);
      expect(relay.change({})).toBe(false);
      expect(await shownBy(relay)).toBe("localhost");
      await writeFile(options.tlsKeyFile, KITCHEN.key);
      expect(relay.change({})).toBe(true);
      expect(await shownBy(relay)).toBe("kitchen");
      await rm(options.tlsKeyFile);
      expect(relay.change({})).toBe(false);
      expect(await shownBy(relay)).toBe("kitchen");
      expect(relay.logged.join("\n")).not.toContain("PRIVATE");
    });
  });

  it("stops letting a certificate write once it is revoked, on connections that are open, too", async () => {
    const revokedFile = await file("revoked-certificates", "");
    await using({ ...(await tls()), revokedFile }, async (relay) => {
      const { telemetry, refusals } = await startDevice(relay, "kitchen", { tls: { ...trust, ...KITCHEN } });
      telemetry.record("tick", {});
      expect(await telemetry.flush()).toMatchObject({ delivered: true });
      await writeFile(revokedFile, "device kitchen\n");
      expect(relay.change({})).toBe(true);
      telemetry.record("tick", {});
      await until("a refusal", () => refusals.length > 0);
      expect(refusals[0]).toContain("revoked");
      await writeFile(revokedFile, "");
      expect(relay.change({})).toBe(true);
      expect(await telemetry.close({ timeoutMs: 30_000 })).toMatchObject({ delivered: true });
    });
  });
});

/** The common name of the certificate that a relay shows. */
function shownBy(relay: TestRelay): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port: Number(new URL(relay.url).port), host: "127.0.0.1", rejectUnauthorized: false },
      () => {
        const shown: PeerCertificate = socket.getPeerCertificate();
        socket.end();
        resolve(String(shown.subject.CN));
      },
    );
    socket.on("error", reject);
  });
}
