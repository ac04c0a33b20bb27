/** Entry `@tonearm/relay/ingest`: decoding of batches, for the workspace's own tests. Not published. */
export { decodeMsgpackBatch } from "./ingest/msgpack-batch.ts";
export { decodeNdjsonBatch } from "./ingest/ndjson-batch.ts";
