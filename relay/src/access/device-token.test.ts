import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkToken, issueToken, looksLikeToken } from "./device-token.ts";
import type { NamedKey } from "./keys.ts";

const NOW = 1_763_840_999_000;
const key = (id: string, fill: number): NamedKey => ({ id, secret: Buffer.alloc(32, fill) });
const K1 = key("k1", 1);
const K2 = key("k2", 2);
const ORDER = { device: "kitchen", audience: "tonearm", expiresMs: NOW + 60_000, id: "t-1" };
const check = (token: string, keys = [K1, K2], nowMs = NOW, audience = "tonearm") =>
  checkToken(token, keys, audience, nowMs);

/** A token signed with a genuine key that says whatever a test wants. */
function forge(head: object, claims: object, { secret } = K1): string {
  const text = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
/** The head and MAC of one token around the claims of another. */
function spliced(token: string, other: string): string {
  const [head, , mac] = token.split(".");
  return [head, other.split(".")[1], mac].join(".");
}
const HEAD = { alg: "HS256", kid: "k1" };
const CLAIMS = { aud: "tonearm", sub: "kitchen", exp: NOW / 1_000 + 60 };

describe("a device token", () => {
  it("is good with either of two keys, for the device that it names", () => {
    for (const each of [K1, K2]) {
      expect(check(issueToken(each, ORDER))).toEqual({
        kind: "good",
        keyId: each.id,
        token: { device: "kitchen", id: "t-1" },
      });
    }
  });

  it("is the same for the same order: an issuer in another language can be held against it", () => {
    expect(issueToken(K1, ORDER)).toBe(
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJhdWQiOiJ0b25lYXJtIiwic3ViIjoia2l0Y2hlbiIsImV4cCI6MTc2Mzg0MTA1OSwianRpIjoidC0xIn0.8pZv-V7L3VjN79gLOIlmYOQqtSvINJd6yUwJSUXMdaM",
    );
  });

  it("is good up to its last millisecond by the relay's clock, and not in the next", () => {
    const token = issueToken(K1, ORDER);
    expect(check(token, [K1], NOW + 59_999).kind).toBe("good");
    expect(check(token, [K1], NOW + 60_000)).toEqual({ kind: "bad", fault: "it has expired" });
  });

  it.each([
    ["signed with a key that is no more", issueToken(K2, ORDER), [K1]],
    ["signed with another key of the same name", issueToken(key("k1", 9), ORDER), [K1]],
    ["whose MAC is another's", `${issueToken(K1, ORDER).replace(/[^.]*$/, "")}${"A".repeat(43)}`, [K1]],
    ["whose MAC is cut", issueToken(K1, ORDER).slice(0, -1), [K1]],
    ["whose MAC is missing", issueToken(K1, ORDER).replace(/[^.]*$/, ""), [K1]],
    [
      "of which only the claims were changed",
      spliced(issueToken(K1, ORDER), issueToken(K1, { ...ORDER, device: "bath" })),
      [K1],
    ],
    ["with the algorithm none", forge({ alg: "none", kid: "k1" }, CLAIMS), [K1]],
    ["with another algorithm", forge({ alg: "HS512", kid: "k1" }, CLAIMS), [K1]],
    ["without a key id", forge({ alg: "HS256" }, CLAIMS), [K1]],
    ["with something critical in its head", forge({ ...HEAD, crit: ["x"] }, CLAIMS), [K1]],
    ["that is nothing of the kind", "eyJ.x.y", [K1]],
    ["checked without any key", issueToken(K1, ORDER), []],
  ] as [string, string, NamedKey[]][])("%s is refused, always in the same words", (_, token, keys) => {
    expect(check(token, keys)).toEqual({ kind: "bad", fault: "it is not signed with a key of this relay" });
  });

  it.each([
    ["for another audience", { ...CLAIMS, aud: "other" }, "audience"],
    ["for nobody", { ...CLAIMS, aud: undefined }, "audience"],
    ["for no device", { ...CLAIMS, sub: undefined }, "id of a device"],
    ["for a device that cannot be", { ...CLAIMS, sub: "a b" }, "id of a device"],
    ["that never expires", { ...CLAIMS, exp: undefined }, "no exp"],
    ["that expires in words", { ...CLAIMS, exp: "tomorrow" }, "no exp"],
    ["that is not good yet", { ...CLAIMS, nbf: NOW / 1_000 + 1 }, "not good yet"],
  ])("%s is refused although it is genuine", (_, claims, fault) => {
    expect(check(forge(HEAD, claims))).toEqual({ kind: "bad", fault: expect.stringContaining(fault) });
  });

  it("may name several audiences, one of them this relay's, and more than the relay asks for", () => {
    expect(check(forge(HEAD, { ...CLAIMS, aud: ["x", "tonearm"], nbf: 1, iss: "us" }))).toMatchObject({
      kind: "good",
    });
  });

  it("is told from a write key by its form", () => {
    expect(looksLikeToken(issueToken(K1, ORDER))).toBe(true);
    for (const text of ["a-write-key", "a.b.c", "eyJ", "eyJx.y", ""])
      expect(looksLikeToken(text)).toBe(false);
  });
});
