/** Entry `@tonearm/sdk/ports`: what a simulation or another runtime needs to put an instance together by itself. */
export { interpret } from "./answer.ts";
export { type Cancel, type Clock, inTime, sleep } from "./clock.ts";
export type { Codec, Spelling, StampedEvent } from "./codec.ts";
export { newEpochId } from "./ids.ts";
export { MemoryStore } from "./memory-store.ts";
export { packer } from "./node/compress.ts";
export { type DirectoryLock, lockDirectory } from "./node/directory-lock.ts";
export { discard } from "./node/discard.ts";
export { HttpTransport } from "./node/http-transport.ts";
export { makeDirectory } from "./node/make-directory.ts";
export { PackedQueue } from "./node/packed-queue.ts";
export type { TuningOptions } from "./options.ts";
export { type CheckedOptions, type CommonOptions, checkOptions } from "./options.ts";
export type { Ports, StoreNews } from "./ports.ts";
export type {
  Appended,
  Backlog,
  Entry,
  Eviction,
  OpenedStore,
  Priority,
  Purge,
  Run,
  RunLimit,
  SeqRange,
  Store,
} from "./store.ts";
export { systemClock } from "./system-clock.ts";
export { assembleTelemetry } from "./telemetry.ts";
export type { Telemetry } from "./telemetry-api.ts";
export type { Answer, Fault, Sending, Transport } from "./transport.ts";
