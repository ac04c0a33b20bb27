import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where a contender may keep what it keeps. */
export interface Medium {
  /** An empty directory, for one run. */
  fresh(): string;
  /** Bytes that the block device below has taken so far, everything flushed; undefined without one of its own. */
  sectorBytes(): number | undefined;
  remove(): void;
}

const IMAGE_BYTES = 512 * 1024 * 1024;

/**
 * An ext4 of its own on a loop device, whose sectors are counted; without the right to make one, a directory beside
 * others' files, where only `/proc/self/io` counts.
 */
export function makeMedium(): Medium {
  const root = mkdtempSync(join(tmpdir(), "tonearm-bench-"));
  const mounted = join(root, "ext4");
  const device = mountLoop(join(root, "image"), mounted);
  const base = device === undefined ? root : mounted;
  let runs = 0;
  return {
    fresh() {
      const directory = join(base, `run-${runs++}`);
      mkdirSync(directory);
      return directory;
    },
    sectorBytes() {
      if (device === undefined) return undefined;
      execFileSync("sync", ["-f", mounted]);
      // Field 7 of a block device's stat: sectors written, of 512 bytes whatever the device's own are.
      return Number(readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/)[6]) * 512;
    },
    remove() {
      if (device !== undefined) execFileSync("umount", [mounted]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** The loop device's name; undefined when this machine does not let us. */
function mountLoop(image: string, at: string): string | undefined {
  try {
    writeFileSync(image, "");
    truncateSync(image, IMAGE_BYTES);
    mkdirSync(at);
    execFileSync("mkfs.ext4", ["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], {
      stdio: "ignore",
    });
    execFileSync("mount", ["-o", "loop,noatime", image, at], { stdio: "ignore" });
    const device = execFileSync("findmnt", ["-n", "-o", "SOURCE", at], { encoding: "utf8" }).trim();
    return device.replace("/dev/", "");
  } catch {
    return undefined;
  }
}
