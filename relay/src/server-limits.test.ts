import { once } from "node:events";
import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { BODY_BYTES_MAX, MEDIA_NDJSON } from "@tonearm/sdk/wire";
import { afterEach, describe, expect, it } from "vitest";
import { makeServer } from "./server.ts";
import { SILENT, scriptedPipeline } from "./testing/pipelines.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serving() {
  const { pipeline, operator, clock, front } = await scriptedPipeline();
  const server = makeServer({
    pipeline,
    operator,
    showsPages: true,
    ...front,
    corsOrigins: () => [],
    clock,
    log: SILENT,
    isStopping: () => false,
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, pipeline, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/batches` };
}

/** Sends a body in pieces, its length unannounced. */
async function postChunked(url: string, pieces: readonly (string | Buffer)[]) {
  const sending = request(url, { method: "POST", headers: { "content-type": MEDIA_NDJSON } });
  const answered = once(sending, "response");
  for (const piece of pieces) sending.write(piece);
  sending.end();
  const [response] = await answered;
  return { status: response.statusCode, ...(JSON.parse(await text(response)) as { code?: string }) };
}

describe("a body whose length nobody announced", () => {
  it("is refused when it turns out to be too large, by one byte", async () => {
    const { url } = await serving();
    const piece = Buffer.alloc(65_536, " ");
    const full = Array(BODY_BYTES_MAX / piece.length).fill(piece) as Buffer[];
    expect(await postChunked(url, [...full, "x"])).toMatchObject({ status: 413, code: "body_too_large" });
    // As much as is allowed is read to its end, and is no batch.
    expect(await postChunked(url, full)).toMatchObject({ status: 400, code: "malformed_body" });
  });
});

describe("a refusal that passes", () => {
  it("says after how many seconds it may be worth trying again", async () => {
    const { url, pipeline } = await serving();
    pipeline.admission.close();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": MEDIA_NDJSON },
      body: '{"v":1,"device":"d1","epoch":"e1","first_seq":1,"count":1}\n["x",1,1,null,{}]\n',
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      "shutting_down",
    ]);
    expect(response.headers.get("retry-after")).toMatch(/^[2-4]$/);
  });

  it("says nothing of the kind when the request itself is at fault", async () => {
    const { url } = await serving();
    const response = await fetch(url, { method: "POST", body: "x" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([415, null]);
  });
});

describe("a client that does not get on", () => {
  it("has seconds for its headers and for its request, not for ever", async () => {
    const { server } = await serving();
    for (const limitMs of [server.headersTimeout, server.requestTimeout]) {
      expect(limitMs).toBeGreaterThanOrEqual(1_000);
      expect(limitMs).toBeLessThanOrEqual(30_000);
    }
    expect(server.headersTimeout).toBeLessThanOrEqual(server.requestTimeout);
  });

  it("is told so in the same words as everything else, and counted", async () => {
    const { server, pipeline } = await serving();
    const socket = new PassThrough();
    const error = Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
    server.emit("clientError", error, socket);
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"request_timeout"');
    expect(pipeline.book.refusedRequests).toEqual({ request_timeout: 1 });
  });
});
