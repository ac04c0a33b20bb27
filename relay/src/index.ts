/** Entry `@tonearm/relay`: the relay as a library. */
export { issueToken, type TokenOrder } from "./access/device-token.ts";
export { type NamedKey, parseNamedKey } from "./access/keys.ts";
export { ConfigError, checkConfig } from "./config/check.ts";
export type { Config } from "./config/schema.ts";
export { makeClient } from "./kinesis/client.ts";
export { jsonLog, type Log } from "./log.ts";
export { type Relay, startRelay } from "./relay.ts";
