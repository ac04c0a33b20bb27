/** Entry `@tonearm/relay/put`: calls of PutRecords in both protocols, for the workspace's own tests and benchmarks. Not published. */
export { quickestClient } from "./kinesis/quickest-client.ts";
export { putterFor } from "./put/putter.ts";
