/** Entry `@tonearm/sdk/testing`: a clock, a disk and bad inputs for the workspace's own tests. Not published. */
export { fuzz } from "./testing/fuzz.ts";
export { ManualClock } from "./testing/manual-clock.ts";
export { MemoryDisk } from "./testing/memory-disk.ts";
export { chosenFactor, chosenSeed, type Told, tally, tell } from "./testing/tally.ts";
