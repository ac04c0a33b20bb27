/** Ports for processes that cannot be asked which one they got: a relay that must come back where it was, and servers of others. */
import { once } from "node:events";
import { createServer } from "node:net";
import { hold } from "./holds.ts";

/** Below the ports that systems give to whoever asks for any (Linux: from 32,768 on), so that nobody gets one by chance. */
const [FROM, TO] = [10_000, 32_000];

/** A port on which nobody listens, and which no other caller gets for as long as this process lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    // Held before it is tried: its holder may be about to listen on it.
    const giveBack = await hold(`port ${port}`);
    if (giveBack && (await isFree(port))) return port;
    await giveBack?.();
  }
}

/** On every address: some servers listen on all of them. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
