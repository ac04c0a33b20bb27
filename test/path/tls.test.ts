import { rm, writeFile } from "node:fs/promises";
import { connect, type PeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BATH, DEVICES_CA, KITCHEN, ROGUE } from "../support/client-certificates.ts";
import { SIGNERS, startDevice, tokenFor } from "../support/credentials.ts";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { textFile, type UseRelay, usingLockedRelay } from "../support/locked-relays.ts";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../support/loopback-certificate.ts";
import type { TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

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

const file = (name: string, text: string) => textFile(files, name, text);
const using = (options: Readonly<Record<string, unknown>>, body: UseRelay) =>
  usingLockedRelay(server, options, body);

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
