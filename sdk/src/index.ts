/** Entry `@tonearm/sdk` on Node. */
export { TonearmError, type TonearmErrorCode } from "./errors.ts";
export type { DropReason, EventData, RecordResult } from "./event.ts";
export { createTelemetry, type TelemetryOptions } from "./node/create-telemetry.ts";
export type { FlushResult, Telemetry, TelemetryEvents, TelemetryStats } from "./telemetry-api.ts";
export type { PlayEvent } from "./vocabulary/play.ts";
export type { Source, SourceEvent } from "./vocabulary/source.ts";
