import { ID_PATTERN } from "@tonearm/sdk/wire";

/** What may not write any more, although its credential would still be good. */
export interface Revoked {
  readonly devices: ReadonlySet<string>;
  /** Tokens by their `jti`. */
  readonly tokens: ReadonlySet<string>;
  /** Client certificates by their SHA-256 fingerprint, 64 hexadecimal digits in lower case. */
  readonly certificates: ReadonlySet<string>;
}

export const NOTHING_REVOKED: Revoked = { devices: new Set(), tokens: new Set(), certificates: new Set() };

const FORM = '"device ID", "token ID" or "certificate FINGERPRINT"';

/**
 * Reads a revoke list: one line each of `device ID`, `token ID` or `certificate FINGERPRINT` (SHA-256, with or without
 * colons); empty lines and what stands behind a `#` are passed over.
 * @throws Error that names the line which is none of these.
 */
export function parseRevoked(text: string): Revoked {
  const devices = new Set<string>();
  const tokens = new Set<string>();
  const certificates = new Set<string>();
  for (const [i, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/, "").trim().split(/\s+/);
    if (words[0] === "") continue;
    const [kind, name = "", ...more] = words;
    const fingerprint = name.replaceAll(":", "").toLowerCase();
    if (more.length > 0) throw faultIn(i);
    if (kind === "device" && ID_PATTERN.test(name)) devices.add(name);
    else if (kind === "token" && name !== "") tokens.add(name);
    else if (kind === "certificate" && /^[0-9a-f]{64}$/.test(fingerprint)) certificates.add(fingerprint);
    else throw faultIn(i);
  }
  return { devices, tokens, certificates };
}

const faultIn = (index: number): Error => new Error(`line ${index + 1} is none of ${FORM}`);
