/** Entry `@tonearm/simulator/testing`: faults for the workspace's own tests. Not published. */
export { replayCommand } from "./deterministic/command.ts";
export { KNOBS_VERSION } from "./deterministic/knobs.ts";
export { simulate } from "./deterministic/simulation.ts";
export { FaultProxy } from "./fault-proxy.ts";
export { readTruth, type TrueEvent } from "./ledger.ts";
export { createListener } from "./listening/listener.ts";
export { Random } from "./listening/random.ts";
export { NO_FAULTS } from "./scenario.ts";
