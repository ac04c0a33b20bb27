/** Entry `@tonearm/relay/flags`: command-line flags from a schema, shared with the simulator's commands. */
export { helpFor, readFlags } from "./cli-options.ts";
export { ConfigError, checkFlags, someText, wholeNumber } from "./config.ts";
