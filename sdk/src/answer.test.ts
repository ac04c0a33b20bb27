import { describe, expect, it } from "vitest";
import { interpret, retryAfterMs } from "./answer.ts";

const http = (status: number, body: unknown, more: { retryAfter?: string; date?: string } = {}) => ({
  status,
  retryAfter: more.retryAfter,
  date: more.date,
  body: typeof body === "string" ? body : JSON.stringify(body),
});

describe("what an answer means", () => {
  it("200 with acked_through is an acknowledgement, with where the batch is and what time the relay has", () => {
    const body = { acked_through: 7, durable: "spool", server_time: 1_763_840_940_000 };
    expect(interpret(http(200, body), 99)).toEqual({
      kind: "accepted",
      throughSeq: 7,
      durable: "spool",
      serverTimeMs: 1_763_840_940_000,
      bodyBytes: 99,
    });
  });

  it.each([
    [{ flush_interval_ms: 30_000 }, 30_000],
    [{ flush_interval_ms: "30s" }, undefined],
    [{ another: 1 }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])("200 with the settings %j asks for a flush interval of %j ms", (settings, flushIntervalMs) => {
    expect(interpret(http(200, { acked_through: 7, settings }), 1)).toMatchObject({
      kind: "accepted",
      flushIntervalMs,
    });
  });

  it.each(["", "<html>", "null", "{}", '{"acked_through":"7"}'])(
    "200 with the body %j acknowledges nothing: whoever answered is no relay",
    (body) => {
      expect(interpret(http(200, body), 1)).toMatchObject({ kind: "retry", fault: { kind: "refused" } });
    },
  );

  it.each([
    [400, "malformed_body"],
    [400, "invalid_event"],
    [413, "body_too_large"],
    [413, "batch_too_large"],
  ])("%i %s speaks of the batch's content: it is cut in halves", (status, code) => {
    expect(interpret(http(status, { code, message: "why" }), 1)).toEqual({
      kind: "rejected",
      code,
      message: "why",
    });
  });

  it("413 from a proxy that knows no codes is about size too", () => {
    expect(interpret(http(413, "<html>"), 1)).toMatchObject({ kind: "rejected", code: "http_413" });
  });

  it.each([
    [400, "unsupported_version", "refused"],
    [400, "invalid_batch", "refused"],
    [400, "something_new", "refused"],
    [401, "unauthorized", "refused"],
    [403, "forbidden", "refused"],
    [404, "not_found", "refused"],
    [301, "", "refused"],
    [415, "unsupported_media_type", "refused"],
    [429, "too_many_requests", "busy"],
    [503, "stream_unavailable", "busy"],
    [500, "", "unreachable"],
    [502, "", "unreachable"],
    [408, "request_timeout", "unreachable"],
  ])("%i %s never costs an event: the batch is kept and sent again", (status, code, kind) => {
    expect(interpret(http(status, { code, message: "why" }), 1)).toMatchObject({
      kind: "retry",
      fault: { kind },
    });
  });
});

describe("Retry-After", () => {
  it.each([
    ["30", undefined, 30_000],
    [" 5 ", undefined, 5_000],
    ["0", undefined, 0],
    ["Sun, 22 Nov 2026 12:00:30 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", 30_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", 0],
    ["999999999", undefined, 86_400_000],
    ["Sun, 22 Nov 2026 12:00:30 GMT", undefined, undefined],
    ["soon", "Sun, 22 Nov 2026 12:00:00 GMT", undefined],
    ["-5", undefined, undefined],
    ["1.5", undefined, undefined],
    ["", undefined, undefined],
    [undefined, undefined, undefined],
  ])("%j with the date %j is a wait of %j ms", (retryAfter, date, expected) => {
    expect(retryAfterMs({ retryAfter, date })).toBe(expected);
  });
});
