/** Entry `@tonearm/sdk/ports`: what a simulation or another runtime needs to put an instance together by itself. */
export { type Cancel, type Clock, sleep } from "./clock.ts";
export { newEpochId } from "./ids.ts";
export { type DirectoryLock, lockDirectory } from "./node/directory-lock.ts";
export { HttpTransport } from "./node/http-transport.ts";
export { type CheckedOptions, type CommonOptions, checkOptions } from "./options.ts";
export { systemClock } from "./system-clock.ts";
export { assembleTelemetry, type Ports, type StoreNews } from "./telemetry.ts";
export type { Answer, Transport } from "./transport.ts";
