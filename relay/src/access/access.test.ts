import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../testing/spellings.ts";
import { Access, type Grants } from "./access.ts";
import type { ClientCertificate } from "./client-certificate.ts";
import { issueToken } from "./device-token.ts";
import { NOTHING_REVOKED, parseRevoked } from "./revoked.ts";

const K1 = { id: "k1", secret: Buffer.alloc(32, 1) };
const K2 = { id: "k2", secret: Buffer.alloc(32, 2) };
const NOBODY: Grants = {
  anyone: false,
  writeKeys: [],
  tokenKeys: [],
  tokenAudience: "tonearm",
  certificates: false,
  revoked: NOTHING_REVOKED,
};
const clock = new ManualClock();
const access = (grants: Partial<Grants>) => new Access({ ...NOBODY, ...grants }, clock);
const bearer = (text: string) => ({ authorization: `Bearer ${text}`, certificate: undefined });
const tokenFor = (device: string, key = K1, id = "t-1") =>
  issueToken(key, { device, audience: "tonearm", expiresMs: clock.wallMs() + 60_000, id });
const FINGERPRINT = "ab".repeat(32);
const certificate = (more: Partial<ClientCertificate> = {}) => ({
  authorization: undefined,
  certificate: {
    trusted: true,
    commonName: "kitchen",
    expiresMs: clock.wallMs() + 1_000,
    fingerprint: FINGERPRINT,
    ...more,
  },
});

describe("what proved who a sender is", () => {
  it("is counted by key, so that nobody takes away a key that is still in use", () => {
    const all = access({
      writeKeys: ["key-number-1", "key-number-2"],
      tokenKeys: [K1, K2],
      certificates: true,
    });
    for (const key of ["key-number-2", "key-number-2"]) all.identify(bearer(key));
    all.identify(bearer(tokenFor("kitchen", K2)));
    all.identify(certificate());
    expect(() => all.identify(bearer("key-number-3"))).toThrow();
    expect([...all.proofs]).toEqual([
      ["write_key_2", 2],
      ["token:k2", 1],
      ["certificate", 1],
    ]);
  });
});

describe("who may write", () => {
  it("are the holders of either write key, as any device", () => {
    const both = access({ writeKeys: ["key-number-1", "key-number-2"] });
    const [first, second] = ["key-number-1", "key-number-2"].map((key) => both.identify(bearer(key)));
    expect([first?.kind, second?.kind]).toEqual(["key", "key"]);
    // One bucket each, and nothing by which the key could be known.
    expect(first).not.toEqual(second);
    expect(JSON.stringify([first, second])).not.toContain("key-number");
    expect(() => both.requireDevice(first!, "kitchen")).not.toThrow();
  });

  it.each([
    ["nothing", undefined],
    ["an empty header", ""],
    ["a scheme alone", "Bearer"],
    ["another scheme", "Basic key-number-1"],
    ["a wrong key", "Bearer key-number-2"],
    ["half a key", "Bearer key-numb"],
    ["two keys", "Bearer key-number-1 key-number-1"],
    ["more than a header should hold", `Bearer ${"x".repeat(3_000)}`],
  ])("is nobody who brings %s", (_, authorization) => {
    const one = access({ writeKeys: ["key-number-1"], tokenKeys: [K1] });
    const refusal = refusalOf(() => one.identify({ authorization, certificate: undefined }));
    expect(refusal.code).toBe("unauthorized");
    expect(refusal.message).not.toContain("key-numb");
  });

  it("is the device that a token names, and that one alone", () => {
    const tokens = access({ tokenKeys: [K1, K2] });
    for (const key of [K1, K2]) {
      const sender = tokens.identify(bearer(tokenFor("kitchen", key)));
      expect(sender).toEqual({ kind: "device", device: "kitchen" });
      expect(() => tokens.requireDevice(sender, "kitchen")).not.toThrow();
      expect(refusalOf(() => tokens.requireDevice(sender, "bath")).code).toBe("forbidden");
    }
  });

  it("is the device that a trusted certificate names, whatever else is given", () => {
    const relay = access({ certificates: true, writeKeys: ["key-number-1"] });
    const shown = { ...certificate(), authorization: "Bearer key-number-1" };
    expect(relay.identify(shown)).toEqual({ kind: "device", device: "kitchen" });
    expect(relay.identify(bearer("key-number-1")).kind).toBe("key");
  });

  it.each([
    ["untrusted", { trusted: false }],
    ["of nobody", { commonName: undefined }],
    ["of something that is no device", { commonName: "kitchen speaker" }],
    ["that expired while its connection lasted", { expiresMs: 0 }],
    ["of which nobody knows when it expires", { expiresMs: Number.NaN }],
  ])("is nobody with a certificate %s", (_, more) => {
    const shown = { ...certificate(more), authorization: "Bearer key-number-1" };
    const relay = access({ certificates: true, writeKeys: ["key-number-1"] });
    expect(refusalOf(() => relay.identify(shown)).code).toBe("unauthorized");
  });

  it("is nobody for a certificate where none is asked for", () => {
    expect(refusalOf(() => access({ tokenKeys: [K1] }).identify(certificate())).code).toBe("unauthorized");
  });

  it("is anybody when nobody is asked", () => {
    expect(access({ anyone: true }).identify({ authorization: undefined, certificate: undefined })).toEqual({
      kind: "anyone",
    });
  });
});

describe("what is revoked", () => {
  const revoked = parseRevoked(`# lost in March
    device bath
    token t-9   # sold
    certificate ${"AB:".repeat(31)}AB
  `);
  const relay = access({ revoked, certificates: true, tokenKeys: [K1], writeKeys: ["key-number-1"] });
  const codeOf = (attempt: () => unknown) => refusalOf(attempt).code;

  it("may not write any more: a device however it comes, one token, one certificate", () => {
    expect(codeOf(() => relay.identify(bearer(tokenFor("bath"))))).toBe("unauthorized");
    expect(codeOf(() => relay.identify(certificate({ commonName: "bath", fingerprint: "" })))).toBe(
      "unauthorized",
    );
    expect(codeOf(() => relay.requireDevice(relay.identify(bearer("key-number-1")), "bath"))).toBe(
      "unauthorized",
    );
    expect(codeOf(() => relay.identify(bearer(tokenFor("kitchen", K1, "t-9"))))).toBe("unauthorized");
    expect(codeOf(() => relay.identify(certificate()))).toBe("unauthorized");
  });

  it("leaves everybody else as they were", () => {
    expect(relay.identify(bearer(tokenFor("kitchen")))).toEqual({ kind: "device", device: "kitchen" });
    expect(relay.identify(certificate({ fingerprint: "cd".repeat(32) })).kind).toBe("device");
  });

  it.each([["devise bath"], ["device a b"], ["device a/b"], ["certificate 12"], ["token"]])(
    "is not guessed: the line %j is an error that names it",
    (line) => {
      expect(() => parseRevoked(`device a\n${line}`)).toThrow("line 2");
    },
  );
});

describe("a change of keys", () => {
  it("loses nobody while old and new overlap, and ends with the old one refused", () => {
    const tokens = { old: tokenFor("kitchen", K1), new: tokenFor("kitchen", K2) };
    const relay = access({ tokenKeys: [K1], writeKeys: ["key-number-1"] });
    const good = () =>
      [...Object.values(tokens), "key-number-1", "key-number-2"].map((text) => isGood(relay, text));
    expect(good()).toEqual([true, false, true, false]);
    relay.replace({ ...NOBODY, tokenKeys: [K2, K1], writeKeys: ["key-number-1", "key-number-2"] });
    expect(good()).toEqual([true, true, true, true]);
    relay.replace({ ...NOBODY, tokenKeys: [K2], writeKeys: ["key-number-2"] });
    expect(good()).toEqual([false, true, false, true]);
  });
});

function isGood(relay: Access, text: string): boolean {
  try {
    relay.identify(bearer(text));
    return true;
  } catch {
    return false;
  }
}
