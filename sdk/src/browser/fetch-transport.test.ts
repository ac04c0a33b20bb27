import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Run } from "../store.ts";
import { ndjsonCodec } from "../wire/ndjson.ts";
import { FetchTransport } from "./fetch-transport.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let server: Server;
let received: Received[];
let answer: () => { status: number; headers?: Record<string, string>; body: object };

beforeEach(async () => {
  received = [];
  answer = () => ({ status: 200, body: { acked_through: 9, durable: "stream", server_time: 1 } });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      const { status, headers, body } = answer();
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

const runOf = (count: number, size = 10): Run => {
  const stamp = { type: "tick", timeMs: 1, monoMs: 2, offsetMs: null };
  const event = ndjsonCodec.encodeEvent({ ...stamp, json: JSON.stringify({ text: "x".repeat(size) }) });
  return { device: "d1", epoch: "e1", firstSeq: 1, events: Array.from({ length: count }, () => event) };
};

const transportTo = (path = "", key?: string) => {
  const { port } = server.address() as AddressInfo;
  const endpoint = new URL(`http://127.0.0.1:${port}${path}`);
  return new FetchTransport({ endpoint, key });
};

const sending = () => ({ headers: {}, left: vi.fn() });
const never = new AbortController().signal;

describe("FetchTransport", () => {
  it("sends NDJSON, gzipped when that pays, with the key, without cookies, and follows nothing", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const go = sending();
    const result = await transportTo("/below/", "secret").send(runOf(50), never, go);
    expect(result).toMatchObject({ kind: "accepted", throughSeq: 9, durable: "stream" });
    const [{ headers, body }] = received as [Received];
    expect(headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      authorization: "Bearer secret",
    });
    const lines = gunzipSync(body).toString().split("\n");
    expect(JSON.parse(lines[0]!)).toEqual({ v: 1, device: "d1", epoch: "e1", first_seq: 1, count: 50 });
    expect(lines).toHaveLength(52);
    expect(go.left).toHaveBeenCalledExactlyOnceWith(body.length, "gzip");
    const [url, options] = fetched.mock.calls[0]!;
    expect(String(url)).toMatch(/\/below\/v1\/batches$/);
    expect(options).toMatchObject({ credentials: "omit", redirect: "error", keepalive: false });
  });

  it.each([
    ["it is small", 1, undefined],
    ["the browser has no CompressionStream", 50, "CompressionStream"],
  ])("sends a body as it is when %s", async (_, count, missing) => {
    if (missing) vi.stubGlobal(missing, undefined);
    await transportTo().send(runOf(count), never, sending());
    expect(received[0]?.headers["content-encoding"]).toBeUndefined();
    expect(received[0]?.body.toString().split("\n")).toHaveLength(count + 2);
  });

  it("sends a batch again without compression when the relay does not know it, and never compresses again", async () => {
    const transport = transportTo();
    answer = () => ({ status: 415, body: { code: "unsupported_encoding", message: "no" } });
    expect(await transport.send(runOf(50), never, sending())).toMatchObject({ kind: "retry", afterMs: 0 });
    await transport.send(runOf(50), never, sending());
    expect(received.map(({ headers }) => headers["content-encoding"])).toEqual(["gzip", undefined]);
  });

  it("reads Retry-After", async () => {
    answer = () => ({
      status: 503,
      headers: { "retry-after": "30" },
      body: { code: "overloaded", message: "later" },
    });
    const result = await transportTo().send(runOf(1), never, sending());
    expect(result).toMatchObject({ kind: "retry", afterMs: 30_000, fault: { kind: "busy" } });
  });

  it.each([
    ["a redirect", () => ({ status: 307, headers: { location: "/elsewhere" }, body: {} })],
    ["no answer in time", () => ({ status: 200, headers: { "content-length": "1000" }, body: {} })],
  ])("calls a relay that gives %s unreachable", async (_, answers) => {
    answer = answers;
    const over = new AbortController();
    const sent = transportTo().send(runOf(1), over.signal, sending());
    await vi.waitFor(() => expect(received).toHaveLength(1));
    setTimeout(() => over.abort(), 50);
    const result = await sent;
    expect(result).toMatchObject({ kind: "retry", afterMs: undefined, fault: { kind: "unreachable" } });
    expect(received).toHaveLength(1);
  });

  it("has handed the request over before it returns while the page is being left", () => {
    const fetched = vi.spyOn(globalThis, "fetch").mockReturnValue(new Promise(() => undefined));
    const transport = transportTo();
    transport.leaving = true;
    void transport.send(runOf(500), never, sending());
    expect(fetched.mock.calls[0]![1]).toMatchObject({ keepalive: true });
    expect(fetched.mock.calls[0]![1]?.headers).not.toHaveProperty("content-encoding");
  });

  it("shares what such requests may hold with all instances of the page, and sends others as ever", async () => {
    const keepalive: (boolean | undefined)[] = [];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_, options) => {
      keepalive.push(options?.keepalive);
      await released;
      return new Response("{}", { status: 500 });
    });
    const sendLeaving = () => {
      const transport = transportTo();
      transport.leaving = true;
      return transport.send(runOf(30, 1_000), never, sending());
    };
    const first = [sendLeaving(), sendLeaving()];
    await vi.waitFor(() => expect(keepalive).toEqual([true, false]));
    release();
    await Promise.all(first);
    await sendLeaving();
    expect(keepalive).toEqual([true, false, true]);
  });

  it("tries a request that could not outlive the page at once without that", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("keepalive limit"));
    const transport = transportTo();
    transport.leaving = true;
    const result = await transport.send(runOf(1), never, sending());
    expect(result).toMatchObject({ kind: "retry", afterMs: 0, fault: { kind: "busy" } });
  });
});
