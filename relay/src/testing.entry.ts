/** Entry `@tonearm/relay/testing`: the relay in parts, for simulations that own its ports. Not published. */
export { hashKeyOf } from "./aggregate/hash-key.ts";
export type { LoadShape, Shard } from "./aggregate/shard-map.ts";
export { WriteKeys } from "./ingest/write-keys.ts";
export { Operator } from "./operate/operator.ts";
export { Pipeline } from "./pipeline.ts";
export type { PutEntry } from "./put/put-entry.ts";
export type { PutAnswer, PutRecords, PutResult } from "./put/putter.ts";
export { makeServer } from "./server.ts";
export { DeadLetters } from "./spool/dead-letters.ts";
export { Spool } from "./spool/spool.ts";
