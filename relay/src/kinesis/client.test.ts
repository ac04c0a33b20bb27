import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { afterEach, describe, expect, it } from "vitest";
import { makeClient } from "./client.ts";

/** Ends what a test started. */
const started: (() => void)[] = [];
afterEach(() => {
  for (const end of started.splice(0)) end();
});

/** A client of a server in this process. */
async function clientOf(listener: RequestListener, requestTimeoutMs = 60_000) {
  const server: Server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const target = {
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const client = makeClient(target, { requestTimeoutMs, connectionsMax: 1 });
  started.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

const call = (client: KinesisClient) => client.send(new ListStreamsCommand({}));

describe("the client", () => {
  it.each([
    ["a fault of the server", 500, "InternalFailure"],
    ["throttling", 400, "ProvisionedThroughputExceededException"],
  ])(
    "makes one attempt and no more, whatever %s says: retrying is the retrier's",
    async (_, status, type) => {
      let requests = 0;
      const client = await clientOf((request, response) => {
        requests++;
        request.resume();
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify({ __type: type, message: "scripted" }));
      });
      await expect(call(client)).rejects.toMatchObject({ name: type });
      expect(requests).toBe(1);
    },
  );

  it("gives a call up that is not answered in time", async () => {
    const client = await clientOf((request) => void request.resume(), 50);
    await expect(call(client)).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("keeps its connection open from call to call", async () => {
    const ports: (number | undefined)[] = [];
    const client = await clientOf((request, response) => {
      ports.push(request.socket.remotePort);
      request.resume();
      response.end(JSON.stringify({ StreamNames: [], HasMoreStreams: false }));
    });
    for (let i = 0; i < 3; i++) await call(client);
    expect(ports).toHaveLength(3);
    expect(new Set(ports).size).toBe(1);
  });
});
