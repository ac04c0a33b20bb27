import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { loadRules, loadTls } from "./load-rules.ts";

const SECRET = Buffer.alloc(32, 0xc5).toString("base64url");
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tonearm-rules-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let files = 0;
async function file(text: string): Promise<string> {
  const path = join(directory, `file-${++files}`);
  await writeFile(path, text);
  return path;
}

const load = (options: Record<string, unknown>) =>
  loadRules(checkConfig({ writeKeys: ["12345678"], ...options }));
function faultOf(attempt: () => unknown): string {
  try {
    attempt();
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the rules of the entrance", () => {
  it("come from options, and from the files that they name", async () => {
    const rules = load({
      tokenKeys: [`k1:${SECRET}`, `k2:${SECRET}=`],
      revokedFile: await file("device bath\n"),
      pseudonymKey: `d1:${SECRET}`,
      keyBytesPerSecond: 10_240,
    });
    expect(rules.grants).toMatchObject({ anyone: false, writeKeys: ["12345678"] });
    expect(rules.grants.tokenKeys.map(({ id, secret }) => [id, secret.length])).toEqual([
      ["k1", 32],
      ["k2", 32],
    ]);
    expect([...rules.grants.revoked.devices]).toEqual(["bath"]);
    expect(rules.pseudonyms?.of("x")).toMatch(/^d1~/);
    expect(rules.limits).toEqual({
      device: { bytesPerSecond: 1_048_576, burstBytes: 16_777_216 },
      write_key: { bytesPerSecond: 10_240, burstBytes: 102_400 },
    });
  });

  it("leave devices their names, and ask for no certificate, unless they are told to", () => {
    const rules = load({});
    expect([rules.pseudonyms, rules.grants.certificates, rules.limits.write_key]).toEqual([
      undefined,
      false,
      undefined,
    ]);
    expect(loadTls(checkConfig({ writeKeys: ["12345678"] }))).toBeUndefined();
  });

  it("are refused with a revocation of nothing known, in words that hold nothing of the file", async () => {
    const path = await file("canary canary\n");
    const fault = faultOf(() => load({ revokedFile: path }));
    expect(fault).toContain(`option revokedFile, file ${path}: line 1`);
    expect(fault).not.toContain("canary");
  });

  it("are refused with a file that is not there, or that is no PEM, by name", async () => {
    const absent = join(directory, "absent");
    expect(faultOf(() => load({ revokedFile: absent }))).toBe(
      `option revokedFile, file ${absent}: it cannot be read: ENOENT`,
    );
    const none = await file("canary");
    const config = checkConfig({ insecure: true, tlsCertFile: none, tlsKeyFile: none });
    const fault = faultOf(() => loadTls(config));
    expect(fault).toContain("tlsCertFile");
    expect(fault).not.toContain("canary");
  });
});

describe("options that need each other", () => {
  const two = (a: string, b: string) => [a, b].map((id) => `${id}:${SECRET}`);
  it.each([
    [{}, "nobody could write"],
    [{ insecure: true, tlsCertFile: "c" }, "tlsKeyFile"],
    [{ insecure: true, tlsClientCaFile: "c" }, "needs tlsCertFile"],
    [{ insecure: true, pseudonymPaths: ["a"] }, "needs a key"],
    [{ insecure: true, pseudonymKey: "canary" }, "DOMAIN:SECRET"],
    [{ insecure: true, tokenKeys: ["canary"] }, "NAME:SECRET"],
    [{ insecure: true, tokenKeys: ["k1:canary"] }, "NAME:SECRET"],
    [{ insecure: true, tokenKeys: two("k", "k") }, "same name"],
    [{ insecure: true, tokenKeys: [...two("a", "b"), `c:${SECRET}`] }, "tokenKeys"],
    [{ insecure: true, pseudonymPaths: ["a..b"], pseudonymKey: `d:${SECRET}` }, "listener.id"],
  ])("are refused: %j", (options, words) => {
    const fault = faultOf(() => checkConfig(options));
    expect(fault).toContain(words);
    expect(fault).not.toContain("canary");
    expect(fault).not.toContain(SECRET);
  });

  it.each([{ tokenKeys: two("a", "b") }, { tlsCertFile: "c", tlsKeyFile: "k", tlsClientCaFile: "a" }])(
    "let somebody write: %j",
    (options) => {
      expect(() => checkConfig(options)).not.toThrow();
    },
  );
});
