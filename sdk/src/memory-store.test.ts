import { MemoryStore } from "./memory-store.ts";
import { describeStore } from "./testing/store-contract.ts";

describeStore(
  "MemoryStore",
  (storeBytesMax, storeEventsMax) => new MemoryStore({ storeBytesMax, storeEventsMax }),
);
