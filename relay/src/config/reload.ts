import type { Log } from "../log.ts";
import { checkConfig } from "./check.ts";
import { type Config, RELOADED } from "./schema.ts";

/**
 * Takes over into `config`, in place, what of a new configuration can change while the relay runs.
 * @param load gives the new configuration. When it throws, or what would be in force does not go together, nothing changes.
 * @returns whether it was taken over.
 */
export function reloadInto(config: Config, load: () => Config, log: Log): boolean {
  try {
    const next = load();
    const changed = (Object.keys(next) as (keyof Config)[]).filter(
      (name) => !isSame(config[name], next[name]),
    );
    const taken = changed.filter((name) => RELOADED.some((other) => other === name));
    const change = Object.fromEntries(taken.map((name) => [name, next[name]]));
    // What stays and what changes must go together too: without its keys, a relay would let anybody write.
    checkConfig({ ...config, ...change });
    Object.assign(config, change);
    const waiting = changed.filter((name) => !taken.includes(name));
    log.info("configuration reloaded", { changed: taken.join(" "), afterRestart: waiting.join(" ") });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error("the configuration cannot be reloaded; the old one stays", { error: reason });
    return false;
  }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
