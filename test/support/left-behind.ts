/** What a command leaves behind: temporary files, and processes that go on without it. */
import { readdirSync, readFileSync } from "node:fs";
import { freshDirectory, until } from "./devices.ts";

/** A temporary directory that a command is given as its own; whatever descends from the command has it in its environment. */
export class Traces {
  readonly env: Record<string, string>;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.env = { TMPDIR: directory };
  }

  static async watch(): Promise<Traces> {
    return new Traces(await freshDirectory());
  }

  files(): string[] {
    return readdirSync(this.#directory);
  }

  /** Command lines of the processes that live. Only where there is /proc; elsewhere none is found. */
  processes(): string[] {
    return listOrNothing("/proc")
      .filter((name) => /^\d+$/.test(name) && this.#isOurs(name))
      .map((name) => textOrNothing(`/proc/${name}/cmdline`).replaceAll("\0", " "))
      .filter((line) => line !== "");
  }

  /** Resolves when no process is left. */
  async gone(): Promise<void> {
    await until("no process is left", () => this.processes().length === 0);
  }

  #isOurs(pid: string): boolean {
    return textOrNothing(`/proc/${pid}/environ`).split("\0").includes(`TMPDIR=${this.#directory}`);
  }
}

function listOrNothing(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A process may be gone, or somebody else's. */
function textOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
