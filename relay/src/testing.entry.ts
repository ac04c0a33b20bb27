/** Entry `@tonearm/relay/testing`: the relay in parts, for simulations that own its ports. Not published. */
export { Entrance } from "./access/entrance.ts";
export { loadRules } from "./access/load-rules.ts";
export { hashKeyOf } from "./aggregate/hash-key.ts";
export type { LoadShape, Shard } from "./aggregate/shard-map.ts";
export { listenerOptions } from "./listener.ts";
export { Operator } from "./operate/operator.ts";
export { Pipeline } from "./pipeline.ts";
export type { PutEntry } from "./put/put-entry.ts";
export type { PutAnswer, PutRecords, PutResult } from "./put/putter.ts";
export { makeServer } from "./server.ts";
export { DeadLetters } from "./spool/dead-letters.ts";
export { Spool } from "./spool/spool.ts";
