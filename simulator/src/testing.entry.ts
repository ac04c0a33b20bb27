/** Entry `@tonearm/simulator/testing`: faults for the workspace's own tests. Not published. */
export { replayCommand } from "./deterministic/command.ts";
export { simulate } from "./deterministic/simulation.ts";
export { keepRun } from "./deterministic/testing/kept-runs.ts";
export { FaultProxy } from "./fault-proxy.ts";
export { readTruth, type TrueEvent } from "./ledger.ts";
export { createListener } from "./listening/listener.ts";
export { Random } from "./listening/random.ts";
export { NO_FAULTS } from "./scenario.ts";
