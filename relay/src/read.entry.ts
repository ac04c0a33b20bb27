/** Entry `@tonearm/relay/read`: reading a stream and proving that it is complete. */
export { makeClient } from "./kinesis/client.ts";
export { type Audit, type AuditTotals, audit, PUT_UNIT_BYTES } from "./read/audit.ts";
export { type Deaggregated, deaggregate, type HashKeyRange, type UserRecord } from "./read/deaggregate.ts";
export { type EpochEnd, type EpochReport, Ledger, type StreamRecord, type Verdict } from "./read/ledger.ts";
export { StreamReader } from "./read/stream-reader.ts";
