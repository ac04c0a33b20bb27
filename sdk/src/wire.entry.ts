/** Entry `@tonearm/sdk/wire`: the protocol's names, limits, answers and spellings, shared with the relay. */

export type { Codec, Spelling, StampedEvent } from "./codec.ts";
export { isControl } from "./run.ts";
export type { AcceptedBody, Durable, RefusalBody, RefusalCode } from "./wire/answer.ts";
export { REFUSAL_CODES } from "./wire/answer.ts";
export { ColumnsEncoder } from "./wire/columns/encode.ts";
export { COLUMN_NAMES, COLUMN_VALUES } from "./wire/columns/words.ts";
export {
  BATCH_EVENTS_MAX,
  BATCHES_PATH,
  BODY_BYTES_MAX,
  COLUMNS_MAX,
  EVENT_BYTES_MAX,
  INFLATED_BYTES_MAX,
  INTEGER_MAX,
  MEDIA_COLUMNS,
  MEDIA_MSGPACK,
  MEDIA_NDJSON,
  PROTOCOL_VERSION,
} from "./wire/limits.ts";
export { type BatchHeader, briefMsgpackCodec, encodeMsgpackBatch, msgpackCodec } from "./wire/msgpack.ts";
export {
  CONTROL_TYPES,
  EVENT_TYPE_PATTERN,
  ID_PATTERN,
  isControlType,
  RESERVED_KEYS,
  reservedKeyIn,
} from "./wire/names.ts";
export { encodeNdjsonBatch, ndjsonCodec } from "./wire/ndjson.ts";
