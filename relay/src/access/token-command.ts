import { systemClock } from "@tonearm/sdk/ports";
import { ID_PATTERN } from "@tonearm/sdk/wire";
import { z } from "zod";
import { ConfigError } from "../config/check.ts";
import { helpFor } from "../config/flags.ts";
import { FILE_FLAG, loadOptions } from "../config/load.ts";
import { accessShape } from "../config/schema.ts";
import { wholeNumber } from "../config/values.ts";
import { issueToken } from "./device-token.ts";
import { parseNamedKey } from "./keys.ts";

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
TONEARM_TOKEN_KEYS (NAME:SECRET, the secret as base64url of 32 random bytes or more), of the file that
TONEARM_TOKEN_KEYS_FILE names, or of the relay's configuration file; the relay must have the same key. Its name for the revoke
list, and when it expires, are told on standard error.

${helpFor({ ...FILE_FLAG, ...shape })}`;

/** @throws ConfigError without a key, or for a device that has no such id. */
export async function tokenCommand(args: readonly string[]): Promise<void> {
  const options = loadOptions(args, { ...shape, tokenKeys: accessShape.tokenKeys });
  const [first] = options.tokenKeys;
  if (first === undefined)
    throw new ConfigError("there is no key to sign with: set TONEARM_TOKEN_KEYS to NAME:SECRET");
  // The options have been checked: it can be taken apart.
  const key = parseNamedKey(first)!;
  const id = Buffer.from(systemClock.randomBytes(TOKEN_ID_BYTES)).toString("base64url");
  const expiresMs = systemClock.wallMs() + options.validS * 1_000;
  const { device, tokenAudience: audience } = options;
  console.log(issueToken(key, { device, audience, expiresMs, id }));
  console.error(`token ${id} for device ${device}, until ${new Date(expiresMs).toISOString()}`);
}
