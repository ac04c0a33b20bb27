import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createTelemetry } from "./create-telemetry.ts";
import { HttpTransport } from "./http-transport.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const RUN = { device: "d1", epoch: "e1", firstSeq: 1, events: [Uint8Array.of(0xc3)] };

describe("the key of a device", () => {
  it("is asked for before each request; without one nothing leaves, and the batch comes again", async () => {
    const seen: unknown[] = [];
    const server = createServer(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end('{"acked_through":1}');
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const keys = ["first", "", "second"];
    const transport = new HttpTransport({ endpoint, key: () => keys.shift() ?? "", requestTimeoutMs: 5_000 });
    ends.push(
      () => transport.close(),
      () => server.close(),
    );
    const left: number[] = [];
    const send = () =>
      transport.send(RUN, new AbortController().signal, {
        headers: {},
        left: (bodyBytes) => void left.push(bodyBytes),
      });
    expect([await send(), await send(), await send()].map(({ kind }) => kind)).toEqual([
      "accepted",
      "retry",
      "accepted",
    ]);
    expect(seen).toEqual(["Bearer first", "Bearer second"]);
    expect(left).toHaveLength(2);
  });
});

describe("TLS options", () => {
  it("are refused when they are no PEM; what they were is kept out of the message, and no directory stays locked", () => {
    const directory = mkdtempSync(join(tmpdir(), "tonearm-tls-"));
    const make = () =>
      createTelemetry({
        endpoint: "https://127.0.0.1:9",
        device: "d1",
        directory,
        tls: { key: "a secret", cert: "x" },
      });
    expect(make).toThrow("option tls is not acceptable");
    expect(make).not.toThrow("secret");
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});
