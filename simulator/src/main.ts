#!/usr/bin/env node
import { ConfigError } from "@tonearm/relay/flags";
import { DEMO_HELP, demoCommand } from "./demo.ts";
import { DETERMINISTIC_HELP, deterministicCommand } from "./deterministic/command.ts";
import { fleetProcess } from "./fleet-process.ts";
import { Interrupted } from "./interruption.ts";
import { FLEET_PROCESS_COMMAND } from "./killed-fleet.ts";
import { SIMULATE_HELP, simulateCommand } from "./simulate.ts";

interface Command {
  readonly help: string;
  run(args: readonly string[]): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  demo: { help: DEMO_HELP, run: demoCommand },
  simulate: {
    help: `${SIMULATE_HELP}\n\n${DETERMINISTIC_HELP}`,
    run: (args) => (args.includes("--deterministic") ? deterministicCommand(args) : simulateCommand(args)),
  },
  [FLEET_PROCESS_COMMAND]: { help: "", run: fleetProcess },
};

/** Exit code of a command that was called wrongly. */
const USAGE = 2;

const HELP = `tonearm-simulator demo [options]        a Kinesis, a relay and a fleet; then the proof that nothing is lost
tonearm-simulator simulate [options]    a fleet against a relay that runs

--help behind either lists its options.`;

async function run([name = "", ...args]: readonly string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name]! : undefined;
  if (name === "--help") {
    console.log(HELP);
    return;
  }
  if (!command) throw new ConfigError(`unknown command "${name}", expected demo or simulate`);
  if (args.includes("--help")) console.log(command.help);
  else await command.run(args);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`tonearm-simulator: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof Interrupted) process.exit(error.exitCode);
  process.exit(error instanceof ConfigError ? USAGE : 1);
});
