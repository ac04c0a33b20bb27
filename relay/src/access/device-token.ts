/**
 * Device tokens: who has one may write as one device until it expires. A token is a JSON Web Token (RFC 7519) of one kind
 * and no other, so that any backend can issue it:
 *
 *   base64url({"alg":"HS256","kid":KEY ID}) . base64url({"aud":AUDIENCE,"sub":DEVICE,"exp":SECONDS}) . base64url(HMAC)
 *
 * The HMAC is SHA-256 of everything before the last point. `jti` names the token for the revoke list, `nbf` says from when
 * on it is good; both may be absent, and other claims are passed over.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { ID_PATTERN } from "@tonearm/sdk/wire";
import type { NamedKey } from "./keys.ts";

/** What a token says, once it is known to be genuine. */
interface DeviceToken {
  readonly device: string;
  /** Its name on the revoke list, if it has one. */
  readonly id: string | undefined;
}

/** A token as it was found: good, and signed with which key; or what is wrong with it, in words that hold nothing of it. */
export type TokenCheck =
  | { readonly kind: "good"; readonly token: DeviceToken; readonly keyId: string }
  | { readonly kind: "bad"; readonly fault: string };

/** What a new token is to say. */
export interface TokenOrder {
  readonly device: string;
  readonly audience: string;
  /** When it expires, ms since 1970; seconds count, and a begun one counts whole. */
  readonly expiresMs: number;
  /** Its name on the revoke list. */
  readonly id: string;
}

const ALGORITHM = "HS256";

/** Makes a token, signed with `key`, whose name stands in it. */
export function issueToken(key: NamedKey, { device, audience, expiresMs, id }: TokenOrder): string {
  const head = encode({ alg: ALGORITHM, typ: "JWT", kid: key.id });
  const claims = encode({ aud: audience, sub: device, exp: Math.ceil(expiresMs / 1_000), jti: id });
  return `${head}.${claims}.${sign(key, `${head}.${claims}`)}`;
}

/** Whether `text` has the form of a token; anything else may be a write key. */
export const looksLikeToken = (text: string): boolean =>
  /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(text);

/** Checks a token against the keys in use, the audience that this relay is, and its clock, `nowMs` since 1970. */
export function checkToken(
  text: string,
  keys: readonly NamedKey[],
  audience: string,
  nowMs: number,
): TokenCheck {
  const [head = "", claims = "", mac = ""] = text.split(".");
  const { alg, kid, crit } = decode(head);
  const key = keys.find(({ id }) => id === kid);
  // The algorithm is the relay's to choose, not the token's; and what it must understand and does not, it refuses.
  if (alg !== ALGORITHM || crit !== undefined || !key)
    return bad("it is not signed with a key of this relay");
  // The text is compared, not the bytes it stands for: those can be spelled in more than one way.
  if (!isSame(mac, sign(key, `${head}.${claims}`))) return bad("it is not signed with a key of this relay");
  // From here on it is genuine, and whoever holds it may know what is wrong with it.
  return checkClaims(decode(claims), key.id, audience, nowMs);
}

function checkClaims(
  { aud, sub, exp, nbf, jti }: Claims,
  keyId: string,
  audience: string,
  nowMs: number,
): TokenCheck {
  if (aud !== audience && !(Array.isArray(aud) && aud.includes(audience))) {
    return bad("its aud is not this relay's audience");
  }
  if (typeof sub !== "string" || !ID_PATTERN.test(sub)) return bad("its sub is not the id of a device");
  if (typeof exp !== "number" || !Number.isFinite(exp)) return bad("it has no exp");
  if (nowMs >= exp * 1_000) return bad("it has expired");
  if (nbf !== undefined && !(typeof nbf === "number" && nowMs >= nbf * 1_000))
    return bad("it is not good yet");
  return { kind: "good", keyId, token: { device: sub, id: typeof jti === "string" ? jti : undefined } };
}

type Claims = Readonly<Record<string, unknown>>;

const bad = (fault: string): TokenCheck => ({ kind: "bad", fault });

const sign = (key: NamedKey, text: string): string =>
  createHmac("sha256", key.secret).update(text, "latin1").digest("base64url");

function isSame(given: string, expected: string): boolean {
  return (
    given.length === expected.length &&
    timingSafeEqual(Buffer.from(given, "latin1"), Buffer.from(expected, "latin1"))
  );
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What a part of a token says; nothing when it is no JSON object. */
function decode(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Claims) : {};
  } catch {
    return {};
  }
}
