import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { zstdCompressSync } from "node:zlib";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { MEDIA_NDJSON } from "@tonearm/sdk/wire";
import { afterEach, describe, expect, it } from "vitest";
import { makeServer } from "./server.ts";
import { SILENT, scriptedPipeline } from "./testing/pipelines.ts";

const MIB = 1_048_576;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serve() {
  const { pipeline, operator, front } = await scriptedPipeline({ bytesInFlightMax: 2 * MIB });
  const server = makeServer({
    pipeline,
    operator,
    showsPages: true,
    ...front,
    clock: systemClock,
    log: SILENT,
    corsOrigins: () => [],
    isStopping: () => false,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close().closeAllConnections());
  return { port: (server.address() as AddressInfo).port, pipeline };
}

/** Sends everything, piece by piece, before it reads anything, as simple clients do; resolves to status and code of the answer. */
async function ask(port: number, parts: readonly (string | Buffer)[], close = false) {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  let fault: string | undefined;
  socket.on("error", (error: NodeJS.ErrnoException) => {
    fault = error.code;
  });
  socket.pause();
  for (const part of parts) {
    for (let at = 0; at < part.length && !fault; at += PIECE_BYTES) {
      await new Promise((sent) => socket.write(part.slice(at, at + PIECE_BYTES), sent));
      // Time for a connection that was closed meanwhile to show it.
      await sleep(systemClock, 1);
    }
  }
  if (fault) return { fault };
  if (close) socket.end();
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString();
  });
  socket.resume();
  await once(socket, "close");
  const body = answer.slice(answer.indexOf("\r\n\r\n"));
  return { status: Number(answer.split(" ")[1]), code: (JSON.parse(body) as { code: string }).code };
}

const PIECE_BYTES = 65_536;

/** The head of a request that is the last of its connection. */
const head = (...lines: string[]) =>
  `${["POST /v1/batches HTTP/1.1", "host: x", "connection: close", ...lines].join("\r\n")}\r\n\r\n`;
const TYPE = `content-type: ${MEDIA_NDJSON}`;

describe("a request that HTTP itself refuses says nothing of the batch in it", () => {
  it.each([
    ["headers that are too large", [head(TYPE, `x-added-by-a-proxy: ${"x".repeat(9_000)}`)], false],
    ["something that is not HTTP", ["GARBAGE\r\n\r\n"], false],
    ["a body that ends early", [head(TYPE, "content-length: 100"), "{"], true],
  ] as const)("%s", async (_, parts, close) => {
    const { port } = await serve();
    expect(await ask(port, parts, close)).toEqual({ status: 400, code: "malformed_request" });
  });
});

describe("a refused body", () => {
  it.each([
    ["announced", [head(TYPE, `content-length: ${3 * MIB}`), Buffer.alloc(3 * MIB)], 413, "body_too_large"],
    [
      "in chunks",
      [
        head(TYPE, "transfer-encoding: chunked"),
        ...Array.from({ length: 24 }, () => Buffer.from(`20000\r\n${"x".repeat(0x20000)}\r\n`)),
        "0\r\n\r\n",
      ],
      413,
      "body_too_large",
    ],
    ["of the wrong type", [head(`content-length: ${MIB}`), Buffer.alloc(MIB)], 415, "unsupported_media_type"],
  ] as const)("%s is read to its end, so that its sender hears why", async (_, parts, status, code) => {
    const { port } = await serve();
    expect(await ask(port, parts)).toEqual({ status, code });
  });

  it("is refused for junk behind its zstd frame, as for junk behind gzip", async () => {
    const { port } = await serve();
    const body = Buffer.concat([zstdCompressSync(Buffer.from("{}\n")), Buffer.from("junk")]);
    const headers = head(TYPE, "content-encoding: zstd", `content-length: ${body.length}`);
    expect(await ask(port, [headers, body])).toEqual({ status: 400, code: "malformed_body" });
  });
});

describe("bodies that are being read", () => {
  it("count as bytes in flight, and the one too many is refused", async () => {
    const { port, pipeline } = await serve();
    const stalled = [1, 2].map(() => {
      const socket = connect(port, "127.0.0.1");
      ends.push(() => socket.destroy());
      socket.write(head(TYPE, `content-length: ${MIB}`));
      socket.write(Buffer.alloc(MIB - 1));
      return socket;
    });
    await expect.poll(() => pipeline.admission.bytesInFlight).toBe(2 * (MIB - 1));
    const third = [head(TYPE, "content-length: 100000"), Buffer.alloc(100_000)];
    expect(await ask(port, third)).toEqual({ status: 503, code: "overloaded" });
    for (const socket of stalled) socket.destroy();
    await expect.poll(() => pipeline.admission.bytesInFlight).toBe(0);
  });
});
