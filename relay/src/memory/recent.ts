import { LRUCache } from "lru-cache";

/** What was used last: a map that forgets what was untouched the longest once it is full. */
export type Recent<Value extends {}> = LRUCache<string, Value>;

/**
 * An empty map that will hold `max` entries at most. It takes memory as it fills: given a number instead of sizes, `lru-cache`
 * would take all of it at once, 2.4 MB and 5 ms for 100,000 entries, at every start of a relay and of each of its workers.
 */
export const recent = <Value extends {}>(max: number): Recent<Value> =>
  new LRUCache({ maxSize: max, sizeCalculation: () => 1 });
