/** A web site on loopback whose pages and workers have the SDK, bundled from its sources, and with tones to play. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { toneOf } from "../support/tones.ts";

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

const GLOBALS = `import * as sdk from "@tonearm/sdk"; Object.assign(globalThis, sdk);`;

/** A script that makes the SDK's exports global, and then runs `rest`. */
async function bundle(rest = ""): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: GLOBALS + rest, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    write: false,
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
  });
  return outputFiles[0]!.text;
}

/** Runs what it is told, so that a test can say what a worker does. */
const OBEDIENT = `
addEventListener("message", async ({ data, ports }) => {
  const reply = await (0, eval)("(" + data.run + ")")(data.with);
  ports[0].postMessage(reply);
});`;

/** The SDK and its adapter for media elements, with an element. */
const PLAYER = `
import * as adapter from "@tonearm/sdk/adapters/media-element"; Object.assign(globalThis, adapter);`;

export async function serveSite(): Promise<Site> {
  const script = await bundle();
  const worker = await bundle(OBEDIENT);
  const player = await bundle(PLAYER);
  const page = '<!doctype html><meta charset="utf-8"><title>tonearm</title><script src="/page.js"></script>';
  const files: Record<string, [type: string, body: string | Buffer]> = {
    "/": ["text/html", page],
    // A page without an origin, and so without storage.
    "/sandboxed": ["text/html", page],
    "/elsewhere": ["text/html", "<!doctype html><title>elsewhere</title>"],
    "/page.js": ["text/javascript", script],
    "/worker.js": ["text/javascript", worker],
    "/player": ["text/html", `${page.replace("page.js", "player.js")}<audio controls></audio>`],
    "/player.js": ["text/javascript", player],
    "/2s.wav": ["audio/wav", toneOf(2)],
    "/3s.wav": ["audio/wav", toneOf(3, 660)],
    "/20s.wav": ["audio/wav", toneOf(20, 220)],
    "/broken.wav": ["audio/wav", "not audio at all"],
  };
  const server = createServer((request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const [type, body] = files[path] ?? ["text/plain", ""];
    const sandbox = path === "/sandboxed" && { "content-security-policy": "sandbox allow-scripts" };
    const headers = { "content-type": type, ...sandbox };
    const [, from] = /^bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
    if (from === undefined || typeof body === "string") {
      response.writeHead(body === "" ? 404 : 200, headers).end(body);
      return;
    }
    // Without ranges nobody can seek.
    const range = `bytes ${from}-${body.length - 1}/${body.length}`;
    response.writeHead(206, { ...headers, "content-range": range }).end(body.subarray(Number(from)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}
