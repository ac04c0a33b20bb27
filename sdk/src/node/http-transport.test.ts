import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { msgpackCodec } from "../wire/msgpack.ts";
import { HttpTransport } from "./http-transport.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** A relay that takes what `takes` says, and answers 415 to everything else. */
async function relayThat(takes: (headers: IncomingMessage["headers"]) => boolean) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { headers } = request;
    seen.push(`${headers["content-type"]} ${headers["content-encoding"]}`);
    request.resume().on("end", () => {
      response.statusCode = takes(headers) ? 200 : 415;
      response.end(JSON.stringify({ acked_through: 100, durable: "stream", server_time: 1 }));
    });
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { seen, transport: new HttpTransport({ endpoint, key: undefined, requestTimeoutMs: 300 }) };
}

const RUN = {
  device: "d1",
  epoch: "e1",
  firstSeq: 1,
  events: Array.from({ length: 100 }, (_, i) =>
    Uint8Array.from(
      msgpackCodec.encodeEvent({
        type: "tick",
        timeMs: i,
        monoMs: i,
        offsetMs: null,
        json: `{"i":"${String(i * i).padStart(20)}"}`,
      }),
    ),
  ),
};
const SENDING = { headers: {}, left: () => undefined };

async function sendUntilAccepted(transport: HttpTransport): Promise<void> {
  for (;;) {
    const answer = await transport.send(RUN, new AbortController().signal, SENDING);
    if (answer.kind === "accepted") return;
    expect(answer).toMatchObject({ kind: "retry", afterMs: 0 });
  }
}

it("events that have much in common go by columns", async () => {
  const { seen, transport } = await relayThat(() => true);
  await sendUntilAccepted(transport);
  expect(seen).toEqual(["application/vnd.tonearm.columns br"]);
  await transport.close();
});

it("a relay that does not know columns is sent msgpack, from then on; one that knows little else, in the end plain", async () => {
  const { seen, transport } = await relayThat(
    (headers) => headers["content-type"] === "application/msgpack" && !headers["content-encoding"],
  );
  await sendUntilAccepted(transport);
  await sendUntilAccepted(transport);
  expect(seen).toEqual([
    "application/vnd.tonearm.columns br",
    "application/msgpack br",
    "application/msgpack zstd",
    "application/msgpack gzip",
    "application/msgpack undefined",
    "application/msgpack undefined",
  ]);
  await transport.close();
});
