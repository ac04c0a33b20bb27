/**
 * Every option of the relay, in groups as an operator looks for them. An option is one line of its group: its name carries
 * its unit, its type says what it may be, its default and `describe` what it is. From that alone follow the flag, the
 * variable of the environment, the name in a file, `--help` and the table of docs/relay.md.
 */
import { z } from "zod";
import { LOG_LEVELS } from "../log.ts";
import type { Shape } from "./names.ts";
import {
  dataPath,
  domainKey,
  KIB,
  MIB,
  namedKey,
  onOrOff,
  origin,
  someText,
  streamName,
  wholeNumber,
  writeKey,
} from "./values.ts";

/** Which stream, and where: shared by everything that talks to Kinesis. */
export const targetShape = {
  stream: streamName.default("tonearm").describe("name of the Kinesis stream"),
  region: someText.optional().describe("AWS region; default: from the environment or the profile"),
  endpoint: z
    .url({ protocol: /^https?$/, error: "expected an http or https URL" })
    .optional()
    .describe("URL of a Kinesis-compatible server; default: AWS"),
  embedded: onOrOff.describe("use a Kinesis of our own (the package kinesalite), on disk"),
  embeddedDir: someText.default(".tonearm/kinesis").describe("where the embedded Kinesis keeps its data"),
};

const createShape = {
  createStream: wholeNumber(1, 1_000)
    .optional()
    .describe("make the stream with so many shards if there is none; with --embedded: 4"),
};

/** Where it listens. */
const listenShape = {
  host: someText.default("127.0.0.1").describe("address to listen on"),
  port: wholeNumber(0, 65_535).default(8_470).describe("port to listen on; 0 takes a free one"),
  tlsCertFile: someText
    .optional()
    .describe("certificate to speak TLS with, and those that vouch for it: PEM"),
  tlsKeyFile: someText.optional().describe("its key: PEM"),
  tlsClientCaFile: someText
    .optional()
    .describe(
      "authorities: a client certificate of theirs proves the device that its common name names; PEM",
    ),
  connectionsMax: wholeNumber(1, 1_000_000)
    .default(16_384)
    .describe("connections at once; one more is closed"),
  requestsPerConnectionMax: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe("requests after which a connection is closed"),
};

const TWO_KEYS = "expected one key, or two while changing";

/** Who may write. */
export const accessShape = {
  insecure: onOrOff.describe("let anybody write, without a key"),
  writeKeys: z
    .array(writeKey)
    .max(2, TWO_KEYS)
    .default([])
    .describe("keys that may write: one, or two while changing"),
  tokenKeys: z
    .array(namedKey)
    .max(2, TWO_KEYS)
    .default([])
    .describe("keys that device tokens are signed with, NAME:SECRET each; the first signs new ones"),
  tokenAudience: someText.default("tonearm").describe("audience that a device token must name"),
  revokedFile: someText
    .optional()
    .describe(
      "file of what may not write any more: device ID, token ID or certificate FINGERPRINT, one a line",
    ),
  corsOrigins: z
    .array(origin)
    .max(100)
    .default([])
    .describe("an origin whose pages may send batches, or *; can be given again"),
};

/** Under which names events go on. */
const privacyShape = {
  pseudonymKey: domainKey
    .optional()
    .describe("key, DOMAIN:SECRET, that puts pseudonyms in the place of device ids"),
  pseudonymPaths: z
    .array(dataPath)
    .max(100)
    .default([])
    .describe("where in an event's data pseudonyms are put too, such as listener.id; can be given again"),
};

/** What comes in, and how much of it at once. */
const admissionShape = {
  deviceBytesPerSecond: wholeNumber(KIB, 2 ** 36)
    .default(MIB)
    .describe(
      "bytes per second of one device, as they come or as they go into the stream, whichever is more; a shard takes as much",
    ),
  deviceBurstBytes: wholeNumber(KIB, 2 ** 36)
    .default(16 * MIB)
    .describe("what a device may send at once after a pause"),
  keyBytesPerSecond: wholeNumber(KIB, 2 ** 40)
    .optional()
    .describe(
      "bytes per second of everything that comes with one write key, counted the same way; default: no limit",
    ),
  keyBurstBytes: wholeNumber(KIB, 2 ** 40)
    .optional()
    .describe("what may come with it at once after a pause; default: that of 10 s"),
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
};

/** Events into records. */
const aggregateShape = {
  aggregateBytesMax: wholeNumber(KIB, MIB).default(51_100).describe("size at which an aggregate is closed"),
  aggregateCountMax: wholeNumber(1, 100_000).default(10_000).describe("user records at which it is closed"),
  aggregateAgeMs: wholeNumber(1, 60_000).default(200).describe("age at which it is closed"),
  refreshIntervalMs: wholeNumber(1_000, 3_600_000).default(60_000).describe("age of the shard map"),
  refreshPauseMs: wholeNumber(100, 600_000).default(1_000).describe("least time between two refreshes"),
};

/** Records into calls, and calls that fail. */
const putShape = {
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
  shardBytesPerSecond: wholeNumber(KIB, 1_024 * MIB)
    .default(MIB)
    .describe("bytes a shard takes in a second, to begin with; what it really takes is learned"),
  shardRecordsPerSecond: wholeNumber(1, 1_000_000)
    .default(1_000)
    .describe("records a shard takes in a second"),
  shardWaitMaxMs: wholeNumber(10, 60_000)
    .default(2_000)
    .describe(
      "when batches of a shard would wait longer, they go into the spool, or are to come again later",
    ),
  deliveryDeadlineMs: wholeNumber(100, 600_000)
    .default(12_000)
    .describe("after this long senders are told to keep a batch"),
};

/** What happens while Kinesis is away. */
const outageShape = {
  failuresToOpen: wholeNumber(1, 1_000).default(5).describe("calls failed in a row that open the circuit"),
  failurePercentToOpen: wholeNumber(1, 100)
    .default(50)
    .describe("or this share of the calls of a while, in percent"),
  failureWindowMs: wholeNumber(100, 600_000).default(10_000).describe("how long that while is"),
  failureCallsMin: wholeNumber(1, 10_000).default(20).describe("and how many calls there must be in it"),
  openMs: wholeNumber(10, 600_000).default(1_000).describe("how long it stays open before the first probe"),
  openMsMax: wholeNumber(10, 3_600_000).default(30_000).describe("and at most, when probes fail"),
  spool: someText.optional().describe("directory that takes batches while Kinesis is away"),
  spoolBytesMax: wholeNumber(16 * MIB, 2 ** 50)
    .default(1_024 * MIB)
    .describe("largest size of the spool"),
  spoolCommitMs: wholeNumber(0, 1_000).default(10).describe("batches within this time share one sync"),
};

/** How it is operated. */
const operateShape = {
  workers: wholeNumber(1, 256)
    .default(1)
    .describe("processes that share the port, one for each core; limits are shared out over them"),
  logLevel: z
    .enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`)
    .default("info")
    .describe("what is less than this is not logged: info, warn, error or silent"),
  operatorPort: wholeNumber(0, 65_535)
    .optional()
    .describe(
      "port of a listener for /, /metrics and /status.json; default: they are on the port of the batches",
    ),
  operatorHost: someText.default("127.0.0.1").describe("address of that listener"),
  shutdownMs: wholeNumber(100, 600_000).default(25_000).describe("how long a shutdown may take"),
};

/** The groups, by what an operator looks for. */
export const OPTION_GROUPS = {
  "The stream": { ...targetShape, ...createShape },
  "Where it listens": listenShape,
  "Who may write": accessShape,
  "Under which names": privacyShape,
  "What comes in": admissionShape,
  "Events into records": aggregateShape,
  "Records into the stream": putShape,
  "While Kinesis is away": outageShape,
  "Its operation": operateShape,
};

export const configSchema = z.strictObject({
  ...targetShape,
  ...createShape,
  ...listenShape,
  ...accessShape,
  ...privacyShape,
  ...admissionShape,
  ...aggregateShape,
  ...putShape,
  ...outageShape,
  ...operateShape,
});

/** The relay's configuration, checked and complete. Names carry their units; `describe` says what each is. */
export type Config = z.infer<typeof configSchema>;

/** Options whose values stand in no message, no log and no `--check`, and that are no flags: a command line is for all to see. */
export const SECRETS = [
  "writeKeys",
  "tokenKeys",
  "pseudonymKey",
] as const satisfies readonly (keyof Config)[];

/**
 * Options that a SIGHUP changes while the relay runs. What reads one of them does so when it needs it, from the one
 * object that is the configuration, and keeps no copy; all others are taken at the start.
 */
export const RELOADED = [
  "writeKeys",
  "tokenKeys",
  "tokenAudience",
  "revokedFile",
  "tlsCertFile",
  "tlsKeyFile",
  "pseudonymKey",
  "pseudonymPaths",
  "deviceBytesPerSecond",
  "deviceBurstBytes",
  "keyBytesPerSecond",
  "keyBurstBytes",
  "corsOrigins",
  "bytesInFlightMax",
  "requestsPerEpochMax",
  "deviceFlushIntervalMs",
  "aggregateBytesMax",
  "aggregateCountMax",
  "aggregateAgeMs",
  "collectMs",
  "putRecordsMax",
  "putBytesMax",
  "retryBaseMs",
  "retryMaxMs",
  "deliveryDeadlineMs",
  "failuresToOpen",
  "failurePercentToOpen",
  "failureCallsMin",
  "openMs",
  "openMsMax",
  "spoolCommitMs",
  "logLevel",
  "shutdownMs",
] as const satisfies readonly (keyof Config)[];

/** Every option that is a flag on the command line. */
export const CONFIG_FLAGS: Shape = Object.fromEntries(
  Object.entries(configSchema.shape).filter(([name]) => !SECRETS.some((secret) => secret === name)),
);
