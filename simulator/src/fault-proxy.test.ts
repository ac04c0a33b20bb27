import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { systemClock } from "@tonearm/sdk/ports";
import { describe, expect, it } from "vitest";
import { FaultProxy, placeOf, reset } from "./fault-proxy.ts";
import { Random } from "./listening/random.ts";
import { NO_FAULTS } from "./scenario.ts";

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

describe("where a relay is", () => {
  it.each([
    ["http://127.0.0.1:8470", "127.0.0.1", 8_470],
    ["http://relay.example.com", "relay.example.com", 80],
    ["https://relay.example.com/edge", "relay.example.com", 443],
    ["https://relay.example.com:8443", "relay.example.com", 8_443],
    ["http://[::1]:8470", "::1", 8_470],
    ["https://[2001:db8::1]/", "2001:db8::1", 443],
  ])("%s is %s, port %i", (url, host, port) => {
    expect(placeOf(new URL(url))).toEqual({ host, port });
  });

  it.each([
    ["http://relay.test/edge/eu/", "/edge/eu"],
    ["http://relay.test/", ""],
  ])("the path of %s is kept: %s", async (target, path) => {
    const proxy = await FaultProxy.start(new URL(target), new Random("x"), systemClock, NO_FAULTS);
    expect(proxy.url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+${path}$`));
    await proxy.close();
  });

  it("that it takes no connection is told, and the client is reset", async () => {
    // A port that was free a moment ago.
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const told: string[] = [];
    const target = new URL(`http://127.0.0.1:${port}`);
    const proxy = await FaultProxy.start(target, new Random("x"), systemClock, NO_FAULTS, (message) =>
      told.push(message),
    );
    const client = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    client.on("error", () => undefined);
    await new Promise((resolve) => client.on("close", resolve));
    await proxy.close();
    expect(told).toEqual([
      `http://127.0.0.1:${port} takes no connection: connect ECONNREFUSED 127.0.0.1:${port}`,
    ]);
  });
});
