/** The least that any server on `node:http` does for a batch: reads the body, and answers as the relay would. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Argument: events in a batch. Every device sends its batches in order, so its answers need nothing of the body. */
const batchEvents = Number(process.argv[2]);
const answered = new WeakMap<object, number>();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const through = (answered.get(request.socket) ?? 0) + batchEvents;
    answered.set(request.socket, through);
    const body = JSON.stringify({ acked_through: through, durable: "stream", server_time: Date.now() });
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () =>
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
process.on("SIGTERM", () => process.exit(0));
