#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { TOKEN_HELP, tokenCommand } from "./access/token-command.ts";
import { ConfigError } from "./config/check.ts";
import { EMBEDDED_COMMAND, serveEmbeddedKinesis } from "./kinesis/embedded.ts";
import { AUDIT_HELP, auditCommand } from "./read/audit-command.ts";
import { TAIL_HELP, tailCommand } from "./read/tail-command.ts";
import { SERVE_HELP, serveCommand } from "./serve-command.ts";
import { DEAD_LETTER_HELP, deadLetterCommand } from "./spool/dead-letter-command.ts";

/** Exit code of a command that was called wrongly. */
const USAGE = 2;

interface Command {
  readonly help: string;
  run(args: readonly string[], cli: string): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  audit: { help: AUDIT_HELP, run: auditCommand },
  "dead-letter": { help: DEAD_LETTER_HELP, run: deadLetterCommand },
  tail: { help: TAIL_HELP, run: tailCommand },
  token: { help: TOKEN_HELP, run: tokenCommand },
  [EMBEDDED_COMMAND]: { help: "", run: serveEmbeddedKinesis },
};

const cli = fileURLToPath(import.meta.url);

async function run(args: readonly string[]): Promise<void> {
  const [name = "", ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name]! : undefined;
  if (args.includes("--help")) console.log(command?.help ?? SERVE_HELP);
  else if (command) await command.run(rest, cli);
  else await serveCommand(args, cli);
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const isUsage = error instanceof ConfigError;
  console.error(`tonearm-relay: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(isUsage ? USAGE : 1);
});
