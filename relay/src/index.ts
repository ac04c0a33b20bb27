/** Entry `@tonearm/relay`: the relay as a library. */
export { type Config, ConfigError, checkConfig } from "./config.ts";
export { makeClient } from "./kinesis/client.ts";
export { jsonLog, type Log } from "./log.ts";
export { type Relay, startRelay } from "./relay.ts";
