/** Entry `@tonearm/relay/ingest`: decoding of batches, for the workspace's own tests and benchmarks. Not published. */
export { decodeColumnsBatch } from "./ingest/columns-batch.ts";
export { checkFields } from "./ingest/event-fields.ts";
export { decodeMsgpackBatch, readMsgpackBatch } from "./ingest/msgpack-batch.ts";
export { decodeNdjsonBatch } from "./ingest/ndjson-batch.ts";
