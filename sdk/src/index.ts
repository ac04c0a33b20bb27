/** Entry `@tonearm/sdk` on Node. */

export type { Batch, BeforeSend, BeforeSendResult } from "./before-send.ts";
export type { ConsentResult, ConsentState } from "./consent.ts";
export { TonearmError, type TonearmErrorCode } from "./errors.ts";
export type { DropReason, EventData, EventPriority, RecordOptions, RecordResult } from "./event.ts";
export { createTelemetry } from "./node/create-telemetry.ts";
export type { Redact } from "./redaction.ts";
export type { InputOf, StandardSchema } from "./standard-schema.ts";
export type { FlushResult, Telemetry, TelemetryEvents, TelemetryStats } from "./telemetry-api.ts";
export type { TelemetryOptions, TlsOptions } from "./telemetry-options.ts";
export { type AnyEvents, defineEvents, type EventDefinitions } from "./typed-events.ts";
export type {
  Basis,
  ContentType,
  PlayEvent,
  ReasonEnd,
  ReasonStart,
  SourceType,
} from "./vocabulary/play.ts";
export type { GroupChange, Source, SourceEvent, Trigger } from "./vocabulary/source.ts";
