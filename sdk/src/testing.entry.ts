/** Entry `@tonearm/sdk/testing`: a clock, a disk, bad inputs and model tests for the workspace's own tests. Not published. */
export { command } from "./testing/command.ts";
export { countingClock } from "./testing/counting-clock.ts";
export { fuzz } from "./testing/fuzz.ts";
export { keepCase, keptCases } from "./testing/kept-cases.ts";
export { ManualClock } from "./testing/manual-clock.ts";
export { beforeEachCall, lyingDisk, meddledStore } from "./testing/meddle.ts";
export { type Fault, MemoryDisk } from "./testing/memory-disk.ts";
export { holds } from "./testing/model-runs.ts";
export { QuickClock } from "./testing/quick-clock.ts";
export { chosenFactor, chosenSeed, type Told, tally, tell } from "./testing/tally.ts";
