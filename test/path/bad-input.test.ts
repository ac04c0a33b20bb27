import { connect } from "node:net";
import { extname } from "node:path";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { createTelemetry } from "@tonearm/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { readRefused, refusedVectors } from "../support/vector-files.ts";
import { verdictsOf } from "../support/verdicts.ts";

const KEY = "a-write-key-for-tests";
const NDJSON = "application/x-ndjson";
/** Content types of the vectors, by the ending of their names. */
const MEDIA: Record<string, string> = {
  ".msgpack": "application/msgpack",
  ".ndjson": NDJSON,
  ".columns": "application/vnd.tonearm.columns",
};
const GOOD = '{"v":1,"device":"d9","epoch":"e9","first_seq":1,"count":1}\n["x",1,1,null,{"a":1}]\n';

describe("bad input", () => {
  let server: KinesisServer;
  let stream: string;
  let relay: TestRelay;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    relay = await startTestRelay(server, stream, {
      insecure: false,
      writeKeys: [KEY, "another-key-for-tests"],
    });
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  async function post(body: string | Uint8Array, headers: Record<string, string> = {}, path = "/v1/batches") {
    const response = await fetch(new URL(path, relay.url), {
      method: "POST",
      body: body as string,
      headers: { "content-type": NDJSON, authorization: `Bearer ${KEY}`, ...headers },
    });
    const answer = (await response.json()) as {
      code?: string;
      message?: string;
      seq?: number;
      acked_through?: number;
    };
    return { status: response.status, retryAfter: response.headers.get("retry-after"), ...answer };
  }

  it("a good batch is taken, with either key", async () => {
    expect(await post(GOOD)).toMatchObject({ status: 200, acked_through: 1, durable: "stream" });
    expect(await post(GOOD, { authorization: "bearer another-key-for-tests" })).toMatchObject({
      status: 200,
    });
    expect(await post(gzipSync(GOOD), { "content-encoding": "gzip" })).toMatchObject({ status: 200 });
    expect(await post(zstdCompressSync(GOOD), { "content-encoding": "ZSTD" })).toMatchObject({ status: 200 });
    expect(await post(brotliCompressSync(GOOD), { "content-encoding": "br" })).toMatchObject({ status: 200 });
    expect(await post(GOOD, { "content-type": `${NDJSON}; charset=utf-8` })).toMatchObject({ status: 200 });
  });

  it.each([
    ["no key", GOOD, { authorization: "" }, 401, "unauthorized"],
    ["a wrong key", GOOD, { authorization: "Bearer a-write-key-for-testz" }, 401, "unauthorized"],
    ["half a key", GOOD, { authorization: "Bearer a-write-key" }, 401, "unauthorized"],
    ["another scheme", GOOD, { authorization: `Basic ${KEY}` }, 401, "unauthorized"],
    ["another media type", GOOD, { "content-type": "application/json" }, 415, "unsupported_media_type"],
    ["no media type", GOOD, { "content-type": "" }, 415, "unsupported_media_type"],
    ["an unknown encoding", GOOD, { "content-encoding": "deflate" }, 415, "unsupported_encoding"],
    [
      "two encodings",
      gzipSync(gzipSync(GOOD)),
      { "content-encoding": "gzip, gzip" },
      415,
      "unsupported_encoding",
    ],
    [
      "an encoding named after nothing",
      GOOD,
      { "content-encoding": "constructor" },
      415,
      "unsupported_encoding",
    ],
    [
      "a body compressed twice",
      gzipSync(gzipSync(GOOD)),
      { "content-encoding": "gzip" },
      400,
      "malformed_body",
    ],
    ["a compressed body that does not say so", gzipSync(GOOD), {}, 400, "malformed_body"],
    [
      "a body that is not compressed and says so",
      GOOD,
      { "content-encoding": "gzip" },
      400,
      "malformed_body",
    ],
    [
      "a compressed body that is cut off",
      gzipSync(GOOD).subarray(0, 40),
      { "content-encoding": "gzip" },
      400,
      "malformed_body",
    ],
    ["more than 1 MiB", "x".repeat(1_048_577), {}, 413, "body_too_large"],
    [
      "200 MB in 200 KB",
      gzipSync(Buffer.alloc(200_000_000)),
      { "content-encoding": "gzip" },
      413,
      "inflated_too_large",
    ],
    [
      "brotli in brotli",
      brotliCompressSync(brotliCompressSync(GOOD)),
      { "content-encoding": "br" },
      400,
      "malformed_body",
    ],
    [
      "200 MB in 316 bytes",
      brotliCompressSync(Buffer.alloc(200_000_000)),
      { "content-encoding": "br" },
      413,
      "inflated_too_large",
    ],
    [
      "200 MB in 7 KB",
      zstdCompressSync(Buffer.alloc(200_000_000)),
      { "content-encoding": "zstd" },
      413,
      "inflated_too_large",
    ],
    ["nothing", "", {}, 400, "malformed_body"],
  ] as [string, string | Uint8Array, Record<string, string>, number, string][])(
    "%s is refused in one sentence",
    async (_, body, headers, status, code) => {
      const answer = await post(body, headers);
      expect(answer).toMatchObject({ status, code });
      expect(answer.message).toMatch(/^[^\n]{15,200}$/);
    },
  );

  it.each(refusedVectors())("$file is refused over HTTP as $code", async ({ file, code, seq }) => {
    const answer = await post(readRefused(file), { "content-type": MEDIA[extname(file)]! });
    expect(answer).toMatchObject({ status: 400, code });
    expect(answer.seq).toBe(seq);
  });

  it("other paths and methods are refused", async () => {
    expect(await post(GOOD, {}, "/v2/batches")).toMatchObject({ status: 404, code: "not_found" });
    const get = await fetch(new URL("/v1/batches", relay.url));
    expect([get.status, await get.json()]).toMatchObject([405, { code: "method_not_allowed" }]);
  });

  it.each([
    ["what is no HTTP", "hello\r\n\r\n", "400", "malformed_request"],
    ["headers without end", `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "400", "malformed_request"],
    [
      "a body that never comes",
      `POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n`,
      "401",
      "unauthorized",
    ],
  ])("%s is refused in the same words", async (_, bytes, status, code) => {
    const socket = connect(Number(new URL(relay.url).port), "127.0.0.1");
    socket.write(bytes);
    let answer = "";
    for await (const chunk of socket) {
      answer += chunk;
      if (answer.includes("}")) break;
    }
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
  });

  it("a batch larger than a record of the stream is refused, and its sender can cut it", async () => {
    const digits = Array.from({ length: 40_000 }, (_, i) => String(i).padStart(5, "0")).join("");
    const event = `["x",1,1,null,{"t":"${digits}"}]\n`;
    const body = `{"v":1,"device":"d9","epoch":"big","first_seq":1,"count":6}\n${event.repeat(6)}`;
    const answer = await post(gzipSync(body), { "content-encoding": "gzip" });
    expect(answer).toMatchObject({ status: 413, code: "batch_too_large" });
    const half = `{"v":1,"device":"d9","epoch":"big","first_seq":1,"count":3}\n${event.repeat(3)}`;
    expect(await post(gzipSync(half), { "content-encoding": "gzip" })).toMatchObject({
      status: 200,
      acked_through: 3,
    });
  });

  it("nothing else suffers from any of it", async () => {
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      key: KEY,
      device: "d1",
      directory: await freshDirectory(),
    });
    telemetry.record("tick", {});
    expect(await telemetry.close()).toMatchObject({ delivered: true });
    expect(relay.pipeline.book.imbalance).toBe(0);
    const { events } = await verdictsOf(server.client, stream);
    // The batch that was sent five times over, three events of the large one, and the tick.
    expect(events.map(({ type }) => String(type)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "tick",
      "x",
      "x",
      "x",
      "x",
    ]);
  });

  it("a device with a wrong key keeps its events, says so once, and delivers when it has the right one", async () => {
    const directory = await freshDirectory();
    const errors: string[] = [];
    const wrong = createTelemetry({
      endpoint: relay.url,
      key: "wrong",
      device: "d2",
      directory,
      flushIntervalMs: 10,
      commitIntervalMs: 10,
      backoffBaseMs: 5,
    });
    wrong.on("error", ({ code, message }) => errors.push(`${code}: ${message}`));
    wrong.record("tick", {});
    await until("several attempts", () => wrong.stats().retries > 3);
    expect(await wrong.close({ timeoutMs: 10 })).toMatchObject({
      durable: true,
      delivered: false,
      pendingEvents: 3,
    });
    expect(errors).toEqual([
      "relay_refused: the relay answered 401 unauthorized: the write key is not one of this relay's; events are kept, and sent again later",
    ]);
    const right = hurriedTelemetry({ endpoint: relay.url, key: KEY, device: "d2", directory });
    expect(await right.close()).toMatchObject({ delivered: true, pendingEvents: 0 });
  });

  it("an unreachable relay at the start is said once, in one sentence, and keeps nobody from recording", async () => {
    const errors: string[] = [];
    const telemetry = createTelemetry({
      endpoint: "http://127.0.0.1:9",
      device: "d3",
      directory: await freshDirectory(),
      flushIntervalMs: 10,
      commitIntervalMs: 10,
      backoffBaseMs: 5,
    });
    telemetry.on("error", ({ message }) => errors.push(message));
    expect(telemetry.record("tick", {}).status).toBe("recorded");
    await until("several attempts", () => telemetry.stats().retries > 3);
    await telemetry.close({ timeoutMs: 10 });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /^the relay at http:\/\/127\.0\.0\.1:9 cannot be reached \(.*ECONNREFUSED.*\); events are kept, and sent again later$/,
    );
  });
});
