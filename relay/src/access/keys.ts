import { ID_PATTERN } from "@tonearm/sdk/wire";

/** A key with a name. */
export interface NamedKey {
  readonly id: string;
  /** At least 32 bytes: less can be guessed. */
  readonly secret: Buffer;
}

const SECRET_BYTES_MIN = 32;

/**
 * A key as it is given: `NAME:SECRET`, the name as ids are, the secret as base64url or base64 of 32 bytes or more.
 * @returns undefined when it is not.
 */
export function parseNamedKey(text: string): NamedKey | undefined {
  const colon = text.indexOf(":");
  const id = text.slice(0, Math.max(colon, 0));
  const spelled = text.slice(colon + 1).replace(/=+$/, "");
  if (!ID_PATTERN.test(id) || !/^[A-Za-z0-9_+/-]+$/.test(spelled)) return undefined;
  const secret = Buffer.from(spelled, "base64url");
  return secret.length >= SECRET_BYTES_MIN ? { id, secret } : undefined;
}
