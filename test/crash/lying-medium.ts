/**
 * Loaded into a process before its program: what the medium says of itself is a lie from then on. `LIES` names which: `free` says
 * that there is always room, so that a full disk is met only in writing; `written`, for controls, that everything was written.
 */
import fs, { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const lies = (process.env.LIES ?? "").split(",");

if (lies.includes("free")) {
  fs.statfs = (async () => ({ bavail: 2 ** 30, bsize: 4_096 })) as unknown as typeof fs.statfs;
}

if (lies.includes("written")) {
  const handle = await open(process.execPath);
  const prototype = Object.getPrototypeOf(handle) as typeof handle;
  await handle.close();
  const write = prototype.write as (bytes: Uint8Array) => Promise<{ bytesWritten: number }>;
  const pretend = async function (this: typeof handle, bytes: Uint8Array) {
    await write.call(this, bytes).catch(() => undefined);
    return { bytesWritten: bytes.length, buffer: bytes };
  };
  prototype.write = pretend as unknown as typeof prototype.write;
}

syncBuiltinESMExports();
