/**
 * A bare server, shared out over two processes or two threads. Argument: how.
 *   cluster-rr     processes; the first accepts and hands connections out in turn
 *   cluster-none   processes on one listening socket; whoever is quicker takes the connection
 *   processes      processes with a socket each on one port; the kernel chooses by the connection's addresses
 *   threads        the same with threads
 */
import cluster from "node:cluster";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const WORKERS = 2;
const HOST = "127.0.0.1";
const how = process.argv[2] ?? String(workerData?.how);
const isFirst = cluster.isPrimary && isMainThread;

if (isFirst) start();
else serve(Number(process.env.SHARED_PORT ?? workerData?.port ?? 0));

function start(): void {
  let url = "";
  let missing = WORKERS;
  const serving = (port: number) => {
    url = `http://${HOST}:${port}`;
    if (--missing === 0) console.log(`listening on ${url}`);
  };
  if (how.startsWith("cluster")) {
    cluster.schedulingPolicy = how === "cluster-rr" ? cluster.SCHED_RR : cluster.SCHED_NONE;
    for (let i = 0; i < WORKERS; i++) cluster.fork().on("listening", ({ port }) => serving(port));
  } else {
    // A free port is found first: every socket of its own has to ask for the same.
    const probe = createServer().listen(0, HOST, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => {
        for (let i = 0; i < WORKERS; i++) {
          if (how === "threads") {
            const thread = new Worker(import.meta.filename, { workerData: { how, port } });
            thread.on("message", () => serving(port));
          } else {
            cluster.fork({ SHARED_PORT: String(port) }).on("message", () => serving(port));
          }
        }
      });
    });
  }
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill();
    process.exit(0);
  });
}

function serve(port: number): void {
  const through = new WeakMap<object, number>();
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const acked = (through.get(request.socket) ?? 0) + 1;
      through.set(request.socket, acked);
      response.end(JSON.stringify({ acked_through: acked }));
    });
  });
  const own = !how.startsWith("cluster");
  server.listen({ port, host: HOST, reusePort: own, exclusive: own }, () => {
    if (!own) return;
    // Both have a message for whoever started them.
    const tell = parentPort?.postMessage.bind(parentPort) ?? process.send!.bind(process);
    tell("serving");
  });
}
