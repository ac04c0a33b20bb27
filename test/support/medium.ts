/** A medium whose power can be cut. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freshDirectory, until } from "./devices.ts";

const IMAGE_BYTES = 128 * 1_048_576;

/** Runs a program to its end. */
export const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: "ignore" });

/**
 * `EXT4_IOC_SHUTDOWN` without flushing the journal: from now on nothing reaches the medium, as when the power fails. It is
 * ready beforehand, and waits for a line.
 */
const CUT_POWER = `import fcntl, os, struct, sys
medium = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.readline()
fcntl.ioctl(medium, 0x8004587d, struct.pack("I", 2))`;

/** An ext4 of its own on a loop device, whose power can be cut. */
export class Medium {
  readonly path: string;
  readonly #image: string;

  constructor(root: string) {
    this.path = join(root, "ext4");
    this.#image = join(root, "image");
    writeFileSync(this.#image, "");
    truncateSync(this.#image, IMAGE_BYTES);
    mkdirSync(this.path);
    run("mkfs.ext4", "-q", "-F", this.#image);
    this.mount();
  }

  mount(): void {
    run("mount", "-o", "loop,noatime", this.#image, this.path);
  }

  unmount(): void {
    run("umount", this.path);
  }

  /** The same, when whoever still has a file open there is about to end. */
  async unmountWhenFree(): Promise<void> {
    await until("the medium is used by nobody", () => {
      try {
        this.unmount();
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Resolves to what cuts the power at once, and resolves when it is cut. */
  async knife(): Promise<() => Promise<void>> {
    const child = spawn("python3", ["-c", CUT_POWER, this.path], { stdio: ["pipe", "pipe", "ignore"] });
    await Promise.race([once(child.stdout, "data"), once(child, "close")]);
    return async () => {
      const closed = once(child, "close");
      child.stdin.end("\n");
      const [code] = await closed;
      if (code !== 0) throw new Error("the power could not be cut");
    };
  }
}

/** Undefined where this machine lets nobody mount a medium, or has nothing that cuts its power. */
export async function makeMedium(): Promise<Medium | undefined> {
  try {
    const medium = new Medium(await freshDirectory());
    const cut = await medium.knife();
    await cut();
    medium.unmount();
    medium.mount();
    return medium;
  } catch {
    return undefined;
  }
}
