import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { post, SIGNERS, secret, startDevice, tokenFor } from "../support/credentials.ts";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { textFile, type UseRelay, usingLockedRelay } from "../support/locked-relays.ts";
import { run, start } from "../support/processes.ts";
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

  it("are issued by a command, whose options come from where the relay's do, its key never from a flag", async () => {
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
    const config = await file(
      "relay.json",
      JSON.stringify({ tokenKeys: [SIGNERS.k1], tokenAudience: "home" }),
    );
    const other = await run("relay", ["token", "--device", "kitchen", "--config", config], {});
    await using({ tokenKeys: [SIGNERS.k1], tokenAudience: "home" }, async (relay) => {
      expect(await post(relay, issued.stdout.trim(), "kitchen")).toBe("401 unauthorized");
      expect(await post(relay, other.stdout.trim(), "kitchen")).toBe("200");
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

describe("the command", () => {
  it("reads keys and revocations again on SIGHUP, and keeps the old ones when the new cannot be used", async () => {
    const keys = await file("token-keys", `${SIGNERS.k1}\n`);
    const revoked = await file("revoked-devices", "");
    const stream = await freshStream(server, 1);
    const flags = ["--endpoint", server.endpoint, "--region", "us-east-1", "--stream", stream, "--port", "0"];
    const { child, line, finished } = start("relay", [...flags, "--revoked-file", revoked], {
      TONEARM_TOKEN_KEYS_FILE: keys,
    });
    const relay = { url: (await line()).replace("listening on ", "") };
    const answers = async (credential: string, expected: string) =>
      until(expected, async () => (await post(relay, credential, "kitchen")) === expected);
    const [before, after] = [tokenFor("kitchen", SIGNERS.k1), tokenFor("kitchen", SIGNERS.k2)];
    await answers(before, "200");
    await answers(after, "401 unauthorized");
    await writeFile(keys, `${SIGNERS.k2}\n${SIGNERS.k1}\n`);
    child.kill("SIGHUP");
    await answers(after, "200");
    await answers(before, "200");
    await writeFile(keys, "nothing of the kind\n");
    await writeFile(revoked, "device kitchen\n");
    child.kill("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Half of it would have been worse than none.
    await answers(after, "200");
    await writeFile(keys, `${SIGNERS.k2}\n`);
    child.kill("SIGHUP");
    await answers(after, "401 unauthorized");
    child.kill("SIGTERM");
    const { code, stderr } = await finished;
    expect(code).toBe(0);
    expect(stderr).toContain("cannot be reloaded");
    for (const word of [secret(1), secret(2), "nothing of the kind", before, after])
      expect(stderr).not.toContain(word);
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
