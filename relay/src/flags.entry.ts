/** Entry `@tonearm/relay/flags`: what commands share: flags from a schema, and when to end. */
export { ConfigError, checkFlags } from "./config/check.ts";
export { helpFor, readFlags } from "./config/flags.ts";
export { someText, wholeNumber } from "./config/values.ts";
export { ENDS_WITH_PARENT, firstSignal } from "./first-signal.ts";
