/** Entry `@tonearm/relay`: the relay as a library. */
export { ConfigError, checkConfig } from "./config/check.ts";
export type { Config } from "./config/schema.ts";
export { makeClient } from "./kinesis/client.ts";
export { jsonLog, type Log } from "./log.ts";
export { type Relay, startRelay } from "./relay.ts";
