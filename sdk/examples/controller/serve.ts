/**
 * Serves the controller page, with a relay and a Kinesis of its own: `pnpm example`. The page's sources are bundled anew
 * for every load.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { layCable } from "./cable.ts";
import { startRelay } from "./relay.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8480" },
    kinesis: { type: "string" },
    stream: { type: "string", default: "tonearm-example" },
    directory: { type: "string", default: ".tonearm/example" },
  },
});
const pageFile = (name: string): string => fileURLToPath(new URL(`./page/${name}`, import.meta.url));

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(String(error));
    response.writeHead(500).end(String(error));
  });
}).listen(Number(values.port), "127.0.0.1");
await once(server, "listening").catch((error: unknown) => {
  console.error(`port ${values.port} cannot be used (${String(error)}); choose another with --port`);
  process.exit(1);
});
const { port } = server.address() as AddressInfo;
const corsOrigins = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
const relay = await startRelay({ ...values, kinesis: values.kinesis, corsOrigins });
const cable = await layCable(relay.url);
console.log(`the controller is on http://127.0.0.1:${port}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close().closeAllConnections();
    void relay.stop().then(() => process.exit(0));
  });
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://page");
  const send = (type: string, body: string | Uint8Array) =>
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(body);
  switch (pathname) {
    case "/":
      return void send("text/html; charset=utf-8", await readFile(pageFile("index.html")));
    case "/base.css":
    case "/player.css":
    case "/panels.css":
      return void send("text/css", await readFile(pageFile(pathname.slice(1))));
    case "/main.js":
      return void send("text/javascript", await bundle());
    case "/network":
      // Another site's page could send this too; it could do no more than pull the cable of an example.
      if (request.method === "POST") await cable.plug(searchParams.get("plugged") === "true");
      return void send("application/json", JSON.stringify({ endpoint: cable.url, plugged: cable.plugged }));
    case "/audit":
      return void send("application/json", await relay.audit());
    default:
      return void response.writeHead(404).end();
  }
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [pageFile("main.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    sourcemap: "inline",
    conditions: ["source"],
    logLevel: "silent",
  });
  return outputFiles[0]!.contents;
}
