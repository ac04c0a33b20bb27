#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { ConfigError } from "./config.ts";
import { EMBEDDED_COMMAND, serveEmbeddedKinesis } from "./kinesis/embedded.ts";
import { SERVE_HELP, serveCommand } from "./serve-command.ts";

/** Exit code of a command that was called wrongly. */
const USAGE = 2;

const cli = fileURLToPath(import.meta.url);

async function run(args: readonly string[]): Promise<void> {
  const [command = "", ...rest] = args;
  if (args.includes("--help")) return console.log(SERVE_HELP);
  if (command === EMBEDDED_COMMAND) return serveEmbeddedKinesis(rest);
  return serveCommand(args, cli);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof ConfigError;
  console.error(`tonearm-relay: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(isUsage ? USAGE : 1);
});
