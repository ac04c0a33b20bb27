/** Entry `@tonearm/sdk/testing`: a clock and a disk for the workspace's own tests. Not published. */
export { ManualClock } from "./testing/manual-clock.ts";
export { MemoryDisk } from "./testing/memory-disk.ts";
