import { BATCHES_PATH } from "@tonearm/sdk/wire";
import { z } from "zod";

/** A whole number as a command line spells it, or as a program gives it. */
export const wholeNumber = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  const numberOf = (given: unknown) => (typeof given === "string" ? numberIn(given) : given);
  return z.preprocess(numberOf, z.int(expected).min(least, expected).max(most, expected));
};

/** Digits and nothing else: `Number` would take nothing for 0, and hexadecimal too. */
const numberIn = (text: string) => (/^-?\d+$/.test(text) ? Number(text) : text);

const KIB = 1_024;
const MIB = 1_048_576;

/** Text that is not empty, such as a path. */
export const someText = z.string().min(1, "expected at least one character");

/** A write key; its value never stands in a message. */
const writeKey = z.string().regex(/^[\x21-\x7e]{8,512}$/, "expected 8 to 512 visible ASCII characters");

/** An origin as browsers spell it, or all of them. */
const origin = z
  .string()
  .refine(
    (text) => text === "*" || (URL.canParse(text) && new URL(text).origin === text),
    'expected an origin such as "https://player.example.com", or "*"',
  );

const streamName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'expected 1 to 128 of A-Z, a-z, 0-9, "_", "." and "-"');

/** Which stream, and where: shared by everything that talks to Kinesis. */
export const targetShape = {
  stream: streamName.default("tonearm").describe("name of the Kinesis stream"),
  region: someText.optional().describe("AWS region; default: from the environment or the profile"),
  endpoint: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("URL of a Kinesis-compatible server; default: AWS"),
  embedded: z.boolean().default(false).describe("use a Kinesis of our own (the package kinesalite), on disk"),
  embeddedDir: someText.default(".tonearm/kinesis").describe("where the embedded Kinesis keeps its data"),
};

const schema = z.strictObject({
  ...targetShape,
  createStream: wholeNumber(1, 1_000)
    .optional()
    .describe("make the stream with so many shards if there is none; with --embedded: 4"),
  host: someText.default("127.0.0.1").describe("address to listen on"),
  port: wholeNumber(0, 65_535).default(8_470).describe("port to listen on; 0 takes a free one"),
  insecure: z.boolean().default(false).describe("let anybody write, without a key"),
  writeKeys: z
    .array(writeKey)
    .max(2)
    .default([])
    .describe("from TONEARM_WRITE_KEYS: one key, or two while changing"),
  corsOrigins: z
    .array(origin)
    .max(100)
    .default([])
    .describe("an origin whose pages may send batches, or *; can be given again"),
  spool: someText.optional().describe("directory that takes batches while Kinesis is away"),
  spoolBytesMax: wholeNumber(16 * MIB, 2 ** 50)
    .default(1_024 * MIB)
    .describe("largest size of the spool"),
  spoolCommitMs: wholeNumber(0, 1_000).default(10).describe("batches within this time share one sync"),
  aggregateBytesMax: wholeNumber(KIB, MIB).default(51_100).describe("size at which an aggregate is closed"),
  aggregateCountMax: wholeNumber(1, 100_000).default(10_000).describe("user records at which it is closed"),
  aggregateAgeMs: wholeNumber(1, 60_000).default(200).describe("age at which it is closed"),
  collectMs: wholeNumber(0, 1_000)
    .default(5)
    .describe("how long a record waits for others to share its call"),
  putRecordsMax: wholeNumber(1, 500).default(500).describe("most records in one PutRecords"),
  putBytesMax: wholeNumber(MIB, 10 * MIB)
    .default(5 * MIB)
    .describe("most bytes in one PutRecords"),
  putsMax: wholeNumber(1, 256).default(8).describe("calls of PutRecords at once"),
  putTimeoutMs: wholeNumber(100, 300_000).default(8_000).describe("a call that takes longer has failed"),
  retryBaseMs: wholeNumber(1, 60_000)
    .default(50)
    .describe("first bound of the random wait before a record is sent again"),
  retryMaxMs: wholeNumber(1, 60_000).default(2_000).describe("largest bound of that wait"),
  deliveryDeadlineMs: wholeNumber(100, 600_000)
    .default(12_000)
    .describe("after this long senders are told to keep a batch"),
  failuresToOpen: wholeNumber(1, 1_000).default(5).describe("calls failed in a row that open the circuit"),
  openMs: wholeNumber(10, 600_000).default(1_000).describe("how long it stays open before the first probe"),
  openMsMax: wholeNumber(10, 3_600_000).default(30_000).describe("and at most, when probes fail"),
  refreshIntervalMs: wholeNumber(1_000, 3_600_000).default(60_000).describe("age of the shard map"),
  refreshPauseMs: wholeNumber(100, 600_000).default(1_000).describe("least time between two refreshes"),
  bytesInFlightMax: wholeNumber(MIB, 2 ** 36)
    .default(64 * MIB)
    .describe("bytes under way at once"),
  requestsPerEpochMax: wholeNumber(1, 1_000).default(4).describe("requests of one epoch at once"),
  resendEpochsMax: wholeNumber(1, 100_000_000)
    .default(100_000)
    .describe("epochs whose resends are recognised"),
  deviceFlushIntervalMs: wholeNumber(10, 86_400_000)
    .optional()
    .describe("least time between two batches of a device that are not full; default: the device's own"),
  shutdownMs: wholeNumber(100, 600_000).default(25_000).describe("how long a shutdown may take"),
});

/** The relay's configuration, checked and complete. Names carry their units; `describe` says what each is. */
export type Config = z.infer<typeof schema>;

/** Every option that is a flag on the command line. Keys are not: a command line is for all to see. */
export const CONFIG_FLAGS = schema.omit({ writeKeys: true }).shape;

/** The configuration is not usable; `message` names every fault. */
export class ConfigError extends Error {}

/**
 * Checks flags or configuration against a schema, once, at the border.
 * @throws ConfigError that names each option at fault, what it was (secrets excepted) and what was expected.
 */
export function checkFlags<T extends z.ZodType>(type: T, input: unknown): z.infer<T> {
  const parsed = type.safeParse(input);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map((issue) => inWords(issue, input)).join("\n"));
  return parsed.data;
}

/** Checks the relay's configuration. @throws ConfigError that names each option at fault and what was expected. */
export function checkConfig(input: Readonly<Record<string, unknown>>): Config {
  const config = checkFlags(schema, input);
  if (config.embedded && config.endpoint !== undefined) {
    throw new ConfigError("options embedded and endpoint exclude each other: one Kinesis is enough");
  }
  if (!config.insecure && config.writeKeys.length === 0) {
    throw new ConfigError(
      `nobody could write to ${BATCHES_PATH}: set TONEARM_WRITE_KEYS to a key (or two, with a comma between), or pass --insecure to let anybody write`,
    );
  }
  return config;
}

/** Options whose value stands in no message. */
const SECRETS: readonly unknown[] = ["key", "writeKeys"];
const SHOWN_CHARACTERS = 100;

function inWords({ path, message, ...issue }: z.core.$ZodIssue, input: unknown): string {
  if (issue.code === "unrecognized_keys") return `unknown option ${issue.keys.join(", ")}`;
  const value = path.reduce<unknown>(
    (inside, name) => (inside as Record<PropertyKey, unknown>)?.[name],
    input,
  );
  const option = `option ${path.join(".")}`;
  if (value === undefined) return `${option} is missing`;
  return `${option} is ${SECRETS.includes(path[0]) ? "not usable" : shown(value)}, ${message}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  // A URL may carry a name and a password.
  return short.replace(/\/\/[^/]*@/, "//…@");
}
