/** Names that one process at a time holds: tests run beside each other, in several processes and several clones. */
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pass } from "node:timers/promises";

const POLL_MS = 50;

/**
 * Holds a name until the process ends, or until it is given back; resolves to what gives it back, or to undefined when another
 * process has it. A holder that dies leaves nothing behind. Only Linux has such names (abstract sockets): elsewhere everybody is
 * told that it holds the name.
 */
export async function hold(name: string): Promise<(() => Promise<void>) | undefined> {
  if (process.platform !== "linux") return () => Promise.resolve();
  const server = createServer();
  server.unref();
  server.listen(`\0tonearm ${name}`);
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
  return async () => {
    server.close();
    await once(server, "close");
  };
}

/** Does `work` while no other process does anything under the same name. */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  let giveBack = await hold(name);
  while (!giveBack) {
    await pass(POLL_MS);
    giveBack = await hold(name);
  }
  try {
    return await work();
  } finally {
    await giveBack();
  }
}
