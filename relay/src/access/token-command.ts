import { readFileSync } from "node:fs";
import { systemClock } from "@tonearm/sdk/ports";
import { ID_PATTERN } from "@tonearm/sdk/wire";
import { z } from "zod";
import { ConfigError, checkFlags } from "../config/check.ts";
import { readEnvironment } from "../config/environment.ts";
import { helpFor, readFlags } from "../config/flags.ts";
import { accessShape, configSchema, SECRETS } from "../config/schema.ts";
import { wholeNumber } from "../config/values.ts";
import { issueToken } from "./device-token.ts";
import { type NamedKey, parseNamedKey } from "./keys.ts";

const DAY_S = 86_400;
const TOKEN_ID_BYTES = 12;

const shape = {
  device: z
    .string()
    .regex(ID_PATTERN, 'expected 1 to 64 of A-Z, a-z, 0-9, "_" and "-"')
    .describe("id of the device that it is for"),
  validS: wholeNumber(60, 3_660 * DAY_S)
    .default(90 * DAY_S)
    .describe("seconds until it expires"),
  tokenAudience: accessShape.tokenAudience,
};

export const TOKEN_HELP = `tonearm-relay token --device ID [options]

Prints a device token: who has it may write as this device until it expires. It is signed with the first key of
TONEARM_TOKEN_KEYS (NAME:SECRET, the secret as base64url of 32 random bytes or more), or of the file that
TONEARM_TOKEN_KEYS_FILE names; the relay must have the same key. Its name for the revoke list, and when it expires, are told
on standard error.

${helpFor(shape)}`;

/** @throws ConfigError when there is none, or it is not usable. */
function firstKey(): NamedKey {
  const { shape: options } = configSchema;
  const { values, faults } = readEnvironment(process.env, options, SECRETS, (path) =>
    readFileSync(path, "utf8"),
  );
  if (faults.length > 0) throw new ConfigError(faults.join("\n"));
  const given = z.object({ tokenKeys: accessShape.tokenKeys });
  const [key] = checkFlags(given, { tokenKeys: values.tokenKeys }).tokenKeys;
  if (key !== undefined) return parseNamedKey(key)!;
  throw new ConfigError("there is no key to sign with: set TONEARM_TOKEN_KEYS to NAME:SECRET");
}

/** @throws ConfigError without a key, or for a device that has no such id. */
export async function tokenCommand(args: readonly string[]): Promise<void> {
  const options = checkFlags(z.strictObject(shape), readFlags(args, shape));
  const key = firstKey();
  const id = Buffer.from(systemClock.randomBytes(TOKEN_ID_BYTES)).toString("base64url");
  const expiresMs = systemClock.wallMs() + options.validS * 1_000;
  const { device, tokenAudience: audience } = options;
  console.log(issueToken(key, { device, audience, expiresMs, id }));
  console.error(`token ${id} for device ${device}, until ${new Date(expiresMs).toISOString()}`);
}
