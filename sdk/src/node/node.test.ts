import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, zstdDecompressSync } from "node:zlib";
import { decode } from "@msgpack/msgpack";
import { afterEach, describe, expect, it } from "vitest";
import type { TonearmError } from "../errors.ts";
import { createTelemetry } from "./create-telemetry.ts";
import { lockDirectory } from "./directory-lock.ts";
import { HttpTransport } from "./http-transport.ts";

const directories: string[] = [];
const servers: Server[] = [];

function freshDirectory(): string {
  directories.push(mkdtempSync(join(tmpdir(), "tonearm-node-")));
  return directories.at(-1)!;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

type Handler = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<URL> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => handler(request, Buffer.concat(chunks), response));
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const RUN = { device: "d1", epoch: "e1", firstSeq: 3, events: [Uint8Array.of(0xc0), Uint8Array.of(0xc3)] };
const LARGE = {
  ...RUN,
  events: Array.from({ length: 400 }, () => Uint8Array.of(0xa5, 0x68, 0x65, 0x6c, 0x6c, 0x6f)),
};
const ACCEPTED = JSON.stringify({ acked_through: 4, durable: "stream", server_time: 1 });
const SENDING = { headers: {}, left: () => undefined };
const signal = () => new AbortController().signal;
const transportTo = (endpoint: URL, key?: string) =>
  new HttpTransport({ endpoint, key, requestTimeoutMs: 300 });

describe("HttpTransport", () => {
  it("posts a msgpack batch that another library reads, with the key, on one kept-alive connection", async () => {
    const seen: {
      path: string | undefined;
      key: string | undefined;
      batch: unknown;
      port: number | undefined;
    }[] = [];
    const endpoint = await serve((request, body, response) => {
      const { url: path, headers, socket } = request;
      seen.push({ path, key: headers.authorization, batch: decode(body), port: socket.remotePort });
      response.end(ACCEPTED);
    });
    const transport = transportTo(endpoint, "secret-key");
    for (let i = 0; i < 3; i++) {
      expect(await transport.send(RUN, signal(), SENDING)).toMatchObject({
        kind: "accepted",
        throughSeq: 4,
        bodyBytes: 44,
      });
    }
    expect(seen[0]).toMatchObject({
      path: "/v1/batches",
      key: "Bearer secret-key",
      batch: { v: 1, device: "d1", epoch: "e1", first_seq: 3, events: [null, true] },
    });
    expect(new Set(seen.map(({ port }) => port)).size).toBe(1);
    await transport.close();
  });

  it("keeps the path of an endpoint that has one", async () => {
    let path: string | undefined;
    const endpoint = await serve((request, _, response) => {
      path = request.url;
      response.end(ACCEPTED);
    });
    await transportTo(new URL("/tonearm/", endpoint)).send(RUN, signal(), SENDING);
    expect(path).toBe("/tonearm/v1/batches");
  });

  it("compresses what is worth it, and falls back when the relay does not know the encoding", async () => {
    const encodings: (string | undefined)[] = [];
    const endpoint = await serve((request, body, response) => {
      const encoding = request.headers["content-encoding"];
      encodings.push(encoding);
      if (encoding === "br") {
        expect(decode(brotliDecompressSync(body))).toMatchObject({ device: "d1" });
        response.writeHead(415).end("{}");
      } else {
        expect(decode(zstdDecompressSync(body))).toMatchObject({ device: "d1" });
        response.end(ACCEPTED);
      }
    });
    const transport = transportTo(endpoint);
    expect(await transport.send(LARGE, signal(), SENDING)).toMatchObject({ kind: "retry", afterMs: 0 });
    expect(await transport.send(LARGE, signal(), SENDING)).toMatchObject({ kind: "accepted" });
    expect(await transport.send(LARGE, signal(), SENDING)).toMatchObject({ kind: "accepted" });
    expect(encodings).toEqual(["br", "zstd", "zstd"]);
  });

  it.each([
    ["is not there", undefined],
    ["cuts the connection", (_: unknown, __: unknown, response: ServerResponse) => response.destroy()],
    ["never answers", () => undefined],
    [
      "answers half",
      (_: unknown, __: unknown, response: ServerResponse) => {
        response.writeHead(200, { "content-length": 100 }).write("{");
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      "answers without end",
      (_: unknown, __: unknown, response: ServerResponse) => response.end("x".repeat(100_000)),
    ],
  ] as [string, Handler | undefined][])(
    "says that the relay cannot be reached when it %s",
    async (_, handler) => {
      const endpoint = handler ? await serve(handler) : new URL("http://127.0.0.1:9");
      const answer = await transportTo(endpoint).send(RUN, signal(), SENDING);
      expect(answer).toMatchObject({ kind: "retry", fault: { kind: "unreachable" } });
    },
  );

  it("ends in the middle of an answer when its time is over", async () => {
    const over = new AbortController();
    const endpoint = await serve((_, __, response) => {
      response.writeHead(200).write("{");
      setTimeout(() => over.abort(new Error("time is over")), 50);
    });
    expect(await transportTo(endpoint).send(RUN, over.signal, SENDING)).toMatchObject({
      kind: "retry",
      fault: {
        kind: "unreachable",
        message: `the relay at ${endpoint.origin} cannot be reached (time is over)`,
      },
    });
  });

  it("sends no header but those of the body, the connection and the key, and those that are added", async () => {
    const seen: string[][] = [];
    const endpoint = await serve(({ headers }, _, response) => {
      seen.push(
        Object.entries(headers).map(([name, value]) => (name === "authorization" ? `${value}` : name)),
      );
      response.end(ACCEPTED);
    });
    const transport = transportTo(endpoint, "old-key");
    await transport.send(RUN, signal(), SENDING);
    const headers = { authorization: "Bearer fresh-key", "x-trace": "1" };
    await transport.send(RUN, signal(), { ...SENDING, headers });
    const plain = ["connection", "content-length", "content-type", "host"];
    expect(seen.map((names) => names.toSorted())).toEqual([
      ["Bearer old-key", ...plain],
      ["Bearer fresh-key", ...plain, "x-trace"],
    ]);
    await transport.close();
  });

  it("tells how long the body is as it leaves, and what it is encoded in", async () => {
    const left: [number, string][] = [];
    const lengths: number[] = [];
    const endpoint = await serve((_, body, response) => {
      lengths.push(body.length);
      response.end(ACCEPTED);
    });
    const transport = transportTo(endpoint);
    const sending = { headers: {}, left: (bytes: number, encoding: string) => left.push([bytes, encoding]) };
    await transport.send(RUN, signal(), sending);
    await transport.send(LARGE, signal(), sending);
    expect(left.map(([bytes]) => bytes)).toEqual(lengths);
    expect(left[0]![1]).toBe("identity");
    expect(left[1]![1]).not.toBe("identity");
    await transport.close();
  });

  it("follows no redirect", async () => {
    let asked = 0;
    const elsewhere = await serve(() => asked++);
    const endpoint = await serve((_, __, response) =>
      response.writeHead(307, { location: elsewhere.href }).end(),
    );
    expect(await transportTo(endpoint).send(RUN, signal(), SENDING)).toMatchObject({
      kind: "retry",
      fault: { kind: "refused" },
    });
    expect(asked).toBe(0);
  });

  it("gives up at once when it is told to", async () => {
    const abort = new AbortController();
    const endpoint = await serve(() => abort.abort());
    const transport = new HttpTransport({ endpoint, key: undefined, requestTimeoutMs: 60_000 });
    expect(await transport.send(RUN, abort.signal, SENDING)).toMatchObject({ kind: "retry" });
  });
});

describe("a directory", () => {
  it("belongs to one instance at a time, and to the next after release", () => {
    const directory = freshDirectory();
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(
      `is in use by process ${process.pid}; every instance needs`,
    );
    lock.release();
    lockDirectory(directory).release();
    expect(existsSync(join(directory, "lock"))).toBe(false);
  });

  it("is taken over from a process that is gone", () => {
    const directory = freshDirectory();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    const boot = lockDirectory(directory);
    boot.release();
    for (const stale of [`${pid} 123 - 0`, "", "half a li", `${process.pid} 1 another-boot 0`]) {
      writeFileSync(join(directory, "lock"), stale);
      lockDirectory(directory).release();
    }
  });

  it("is kept by a process that lives", () => {
    const directory = freshDirectory();
    const script = `
      import { lockDirectory } from ${JSON.stringify(new URL("./directory-lock.ts", import.meta.url).href)};
      try { lockDirectory(${JSON.stringify(directory)}); } catch (error) { console.log(error.code); }
    `;
    const lock = lockDirectory(directory);
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect(stdout.trim()).toBe("directory_locked");
    lock.release();
  });
});

describe("createTelemetry", () => {
  const OPTIONS = { endpoint: "http://127.0.0.1:9", device: "d1" };
  const faultOf = (options: object): TonearmError => {
    try {
      createTelemetry(options as never);
    } catch (error) {
      return error as TonearmError;
    }
    throw new Error("nothing was refused");
  };

  it("refuses a directory that is a file, naming it and what was expected", () => {
    const file = join(freshDirectory(), "file");
    writeFileSync(file, "");
    const { code, message } = faultOf({ ...OPTIONS, directory: file });
    expect([code, message]).toEqual([
      "directory_unusable",
      expect.stringContaining(`${file} cannot be used`),
    ]);
    expect(message).toContain("expected one that this process can make, read and write");
  });

  it("refuses a missing directory: what is kept nowhere has to be said", () => {
    expect(faultOf(OPTIONS)).toMatchObject({
      code: "invalid_option",
      message: expect.stringContaining("directory is missing"),
    });
  });

  it("refuses a second instance on one directory, and serves one after the other", async () => {
    const directory = freshDirectory();
    const first = createTelemetry({ ...OPTIONS, directory });
    first.on("error", () => undefined);
    expect(faultOf({ ...OPTIONS, directory }).code).toBe("directory_locked");
    await first.close({ timeoutMs: 50 });
    const second = createTelemetry({ ...OPTIONS, directory });
    second.on("error", () => undefined);
    await second.close({ timeoutMs: 50 });
  });

  it("makes files that only their owner can read", async () => {
    const directory = join(freshDirectory(), "deeper", "still");
    const telemetry = createTelemetry({ ...OPTIONS, directory });
    telemetry.on("error", () => undefined);
    telemetry.record("tick", {});
    await telemetry.close({ timeoutMs: 50 });
    const { stdout } = spawnSync("find", [directory, "-type", "f", "-perm", "/077"], { encoding: "utf8" });
    expect(stdout).toBe("");
  });
});
