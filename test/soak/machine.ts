/** Where a soak ran, and on what. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import { ROOT } from "../support/processes.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_bytes: number;
  readonly system: string;
  /** By name; a program that is not here is not named. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What the parts use, and how each says its version. */
const PROGRAMS: readonly (readonly [name: string, ...command: string[]])[] = [
  ["commit", "git", "describe", "--always", "--dirty"],
  ["strace", "strace", "-V"],
  ["chromium", "chromium", "--version"],
  ["e2fsprogs", "sh", "-c", "mkfs.ext4 -V 2>&1"],
];

export function thisMachine(): Machine {
  const versions = PROGRAMS.flatMap(([name, program = "", ...args]) => {
    const version = firstLineOf(program, args);
    return version === undefined ? [] : [[name, version]];
  });
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: cpus().length,
    memory_bytes: totalmem(),
    system: `${type()} ${release()}`,
    versions: { node: process.version, ...Object.fromEntries(versions) },
  };
}

function firstLineOf(program: string, args: readonly string[]): string | undefined {
  try {
    const said = execFileSync(program, args, {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return said.split("\n")[0]!.trim();
  } catch {
    return undefined;
  }
}
