/** Entry `@tonearm/relay/flags`: what commands share: flags from a schema, and when to end. */
export { helpFor, readFlags } from "./cli-options.ts";
export { ConfigError, checkFlags, someText, wholeNumber } from "./config.ts";
export { ENDS_WITH_PARENT, firstSignal } from "./first-signal.ts";
