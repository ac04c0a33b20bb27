import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { reset } from "./fault-proxy.ts";

/** Lets a client connect to a server socket that `act` ends in its own way; resolves to what both sides then saw. */
async function endOf(act: (socket: Socket) => void): Promise<{ server?: string; client?: string }> {
  const seen: { server?: string; client?: string } = {};
  const codeOf = (error: NodeJS.ErrnoException) => error.code ?? error.message;
  const server = createServer((socket) => {
    socket.on("error", (error) => {
      seen.server = codeOf(error);
    });
    socket.on("data", () => act(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", (error) => {
    seen.client = codeOf(error);
  });
  client.resume();
  client.write("x");
  await new Promise((resolve) => client.on("close", resolve));
  server.close();
  return seen;
}

describe("reset", () => {
  it("is a reset to the other side", async () => {
    expect(await endOf(reset)).toEqual({ client: "ECONNRESET" });
  });

  it("closes a connection that is shutting down without the EINVAL that leaves Node's handle open", async () => {
    const shutting = (end: (socket: Socket) => void) => (socket: Socket) => {
      socket.end();
      end(socket);
    };
    expect((await endOf(shutting(reset))).server).toBeUndefined();
  });
});
