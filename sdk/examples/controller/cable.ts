/** The cable between the page and its relay: what the page's offline switch pulls out. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cable {
  /** Where the page finds its relay while the cable is plugged in. */
  readonly url: string;
  readonly plugged: boolean;
  /** Pulls it out: requests under way break off and nobody answers any more; or plugs it in again. */
  plug(plugged: boolean): Promise<void>;
}

/** Lays a cable to the server at `target`. Bytes pass as they are. */
export async function layCable(target: URL): Promise<Cable> {
  const ends = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    ends.add(socket.on("close", () => ends.delete(socket)));
    return socket;
  };
  const server = createServer((page) => {
    const relay = keep(connect(Number(target.port), target.hostname));
    keep(page).on("error", () => relay.destroy());
    relay.on("error", () => page.destroy());
    page.pipe(relay).pipe(page);
  });
  // The port stays the same, however often the cable is pulled.
  let port = 0;
  const listen = async () => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  };
  await listen();
  return {
    url: `http://127.0.0.1:${port}`,
    get plugged() {
      return server.listening;
    },
    async plug(plugged) {
      if (plugged === server.listening) return;
      if (plugged) return listen();
      server.close();
      for (const socket of ends) socket.destroy();
      await once(server, "close");
    },
  };
}
