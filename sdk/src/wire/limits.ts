/** Limits of protocol version 1; `docs/protocol.md` lists them for implementers in other languages. */

export const PROTOCOL_VERSION = 1;

/** The only path that takes batches. */
export const BATCHES_PATH = "/v1/batches";

/** Media types of the two spellings of a batch. */
export const MEDIA_MSGPACK = "application/msgpack";
export const MEDIA_NDJSON = "application/x-ndjson";

/** Media type of the spelling by columns, which a relay may not know. */
export const MEDIA_COLUMNS = "application/vnd.tonearm.columns";

/** Most columns in a batch that is spelled by columns. */
export const COLUMNS_MAX = 1_000;

/** Largest request body on the wire, compressed or not: 1 MiB. */
export const BODY_BYTES_MAX = 1_048_576;

/** Largest request body after its one encoding layer is removed: 8 MiB. */
export const INFLATED_BYTES_MAX = 8_388_608;

/** Most events in one batch. */
export const BATCH_EVENTS_MAX = 10_000;

/** Largest JSON text of one event: 256 KiB. */
export const EVENT_BYTES_MAX = 262_144;

/** Largest sequence number and largest time in milliseconds: exact in a double. */
export const INTEGER_MAX = 2 ** 53 - 1;
