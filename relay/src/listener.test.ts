import { once } from "node:events";
import { Agent, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { ManualClock } from "@tonearm/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { Book } from "./book.ts";
import { type ListenerOptions, makeListener } from "./listener.ts";
import type { Log } from "./log.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(options: Partial<ListenerOptions> = {}) {
  const warnings: string[] = [];
  const log: Log = {
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: () => undefined,
  };
  const all = {
    tls: undefined,
    connectionsMax: 100,
    requestsPerConnectionMax: 100,
    answerMs: 1_000,
    ...options,
  };
  const server = makeListener(all, { book: new Book(), clock: new ManualClock(), log }, (_, response) =>
    response.end("here"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close().closeAllConnections());
  return { server, port: (server.address() as AddressInfo).port, warnings };
}

describe("a listener", () => {
  it("takes so many connections and no more; who was there stays, and one that goes makes room", async () => {
    const { server, port, warnings } = await listen({ connectionsMax: 2 });
    const open = () => connect(port, "127.0.0.1").on("error", () => undefined);
    const first = [open(), open()];
    await Promise.all(first.map((socket) => once(socket, "connect")));
    const third = open();
    await once(third, "close");
    expect(first.map(({ destroyed }) => destroyed)).toEqual([false, false]);
    // A thousand more are worth one line, not a thousand.
    await once(open(), "close");
    expect(warnings).toEqual(["too many connections"]);
    first[0]!.destroy();
    await expect
      .poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count))))
      .toBe(1);
    const next = open();
    await once(next, "connect");
    next.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await text(next)).toContain("here");
    for (const socket of first) socket.destroy();
  });

  it("ends a connection after so many requests, and says so before", async () => {
    const { port } = await listen({ requestsPerConnectionMax: 3 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    ends.push(() => agent.destroy());
    const kept: string[] = [];
    for (let i = 0; i < 4; i++) {
      const sending = request({ port, host: "127.0.0.1", agent }).end();
      const [response] = await once(sending, "response");
      await text(response);
      kept.push(response.headers.connection);
    }
    expect(kept).toEqual(["keep-alive", "keep-alive", "close", "keep-alive"]);
  });

  it("waits for nobody without an end: for no handshake, header, body, next request or taken answer", async () => {
    const { server } = await listen({ answerMs: 20_000 });
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = server;
    expect([headersTimeout, requestTimeout, keepAliveTimeout, timeout]).toEqual([
      5_000, 15_000, 65_000, 35_000,
    ]);
  });
});
