/** Companions of players, as processes that can be killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./processes.ts";

/** Devices of companions have this before the kind of their player. */
export const COMPANION = "companion";

export type PlayerKind = "mpd" | "mpris" | "upnp";

export interface Companion {
  /** Ends it, as a crash would. */
  kill(): Promise<void>;
}

/** @param where the player's port, its bus or its address, after its kind. */
export async function startCompanion(
  endpoint: string,
  directory: string,
  kind: PlayerKind,
  where: string | number,
): Promise<Companion> {
  const script = join(ROOT, "test/players/companion.ts");
  const args = ["--conditions=source", script, endpoint, directory, kind, String(where)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    async kill() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** What a companion has noted of the play under way; empty while it has no note. */
export const noteOf = (directory: string): Promise<string> =>
  readFile(join(directory, "open-play.json"), "utf8").catch(() => "");
