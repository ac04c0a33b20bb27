/** The command with several workers, as processes: what the others know, what a dead one leaves, how all of them end. */
import { readFileSync } from "node:fs";
import { sleep, systemClock } from "@tonearm/sdk/ports";
import { FaultProxy, NO_FAULTS, Random } from "@tonearm/simulator/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { type Running, start } from "../support/processes.ts";
import { verdictsOf } from "../support/verdicts.ts";

const KEY = "workers-key";
const NERVOUS = [
  "--failures-to-open",
  "1",
  "--open-ms",
  "200",
  "--open-ms-max",
  "400",
  "--aggregate-age-ms",
  "20",
];

let server: KinesisServer;
let proxy: FaultProxy;
let relay: Running | undefined;
let url = "";
beforeAll(async () => {
  server = await startServer("kinesalite");
  proxy = await FaultProxy.start(new URL(server.endpoint), new Random("workers"), systemClock, NO_FAULTS);
});
afterEach(async () => {
  proxy.setOnline(true);
  relay?.child.kill("SIGKILL");
  await relay?.finished;
  relay = undefined;
});
afterAll(async () => {
  await proxy?.close();
  await server?.stop();
  await cleanUp();
});

async function startWorkers(...flags: readonly string[]): Promise<string> {
  const stream = await freshStream(server, 2);
  const where = ["--stream", stream, "--endpoint", proxy.url, "--region", "us-east-1", "--port", "0"];
  relay = start("relay", [...where, "--workers", "2", ...NERVOUS, ...flags], { TONEARM_WRITE_KEYS: KEY });
  url = (await relay.line()).replace("listening on ", "");
  return stream;
}

/** Sends events `from` to `to` of an epoch over a connection of its own. */
async function send(epoch: string, from: number, to: number): Promise<Record<string, unknown>> {
  const header = { v: 1, device: "kitchen", epoch, first_seq: from, count: to - from + 1 };
  const events = Array.from({ length: to - from + 1 }, (_, i) => `["tick",1,1,null,{"n":${from + i}}]`);
  const answer = await fetch(`${url}/v1/batches`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${KEY}`, connection: "close" },
    body: [JSON.stringify(header), ...events, ""].join("\n"),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** Sends one event until it is taken, as a device would. */
async function sendUntilTaken(epoch: string, n: number): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await send(epoch, n, n);
    if (answer.acked_through === n) return answer;
    await sleep(systemClock, 100);
  }
}

async function book(): Promise<Record<string, number>> {
  const status = (await (await fetch(`${url}/status.json`)).json()) as { book: Record<string, number> };
  return status.book;
}

/** Processes that the first process of the relay has started. */
const workers = (): number[] =>
  readFileSync(`/proc/${relay!.child.pid}/task/${relay!.child.pid}/children`, "latin1")
    .split(" ")
    .filter(Boolean)
    .map(Number);

/** Numbers in the order in which they first came into the stream. */
const firstsOf = (events: readonly { readonly seq?: unknown }[]): number[] => [
  ...new Set(events.map(({ seq }) => Number(seq))),
];

const seqsOf = (events: readonly { readonly seq?: unknown }[]): number[] =>
  events.map(({ seq }) => Number(seq)).toSorted((a, b) => a - b);

describe("a relay of two workers", () => {
  it("knows a batch that comes again, on whichever connection, also while its first copy is under way", async () => {
    const stream = await startWorkers();
    for (let n = 1; n <= 10; n++) expect(await send("e1", n, n)).toMatchObject({ acked_through: n });
    for (let n = 1; n <= 10; n++) expect(await send("e1", n, n)).toMatchObject({ acked_through: n });
    const copies = await Promise.all(Array.from({ length: 4 }, () => send("e2", 1, 50)));
    expect(copies.map(({ acked_through }) => acked_through)).toEqual([50, 50, 50, 50]);
    expect(await book()).toMatchObject({ received: 220, delivered: 60, duplicates: 160, imbalance: 0 });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain("tonearm_events_delivered_total 60\n");
    expect(metrics).toContain("tonearm_shards 2\n");
    const { events, duplicates } = await verdictsOf(server.client, stream);
    expect([events.length, duplicates]).toEqual([60, 0]);
  });

  it("replaces a worker that is killed, and what it had acknowledged from its spool arrives", async () => {
    const stream = await startWorkers("--spool", await freshDirectory());
    await send("e1", 1, 1);
    proxy.setOnline(false);
    // Both workers take some in: connections go to them in turn.
    for (let n = 2; n <= 21; n++) expect(await send(`e${n}`, 1, 2)).toMatchObject({ durable: "spool" });
    const before = workers();
    expect(before).toHaveLength(2);
    for (const pid of before) process.kill(pid, "SIGKILL");
    await until("others are there", () => workers().filter((pid) => !before.includes(pid)).length === 2);
    proxy.setOnline(true);
    await until("they serve, and the spools are empty", async () => {
      const { inherited } = await book().catch(() => ({ inherited: 0 }));
      return inherited === 40;
    });
    const { events } = await verdictsOf(server.client, stream);
    expect(new Set(events.map(({ epoch, seq }) => `${epoch} ${seq}`)).size).toBe(41);
  });

  it("keeps a device's order through an outage, however often it changes between them", async () => {
    const stream = await startWorkers("--spool", await freshDirectory());
    const places = new Map<unknown, number>();
    const sendAll = async (from: number, to: number) => {
      // Every request has a connection of its own: they go to the workers in turn.
      for (let n = from; n <= to; n++) {
        const { durable } = await sendUntilTaken("e1", n);
        places.set(durable, (places.get(durable) ?? 0) + 1);
      }
    };
    await sendAll(1, 5);
    proxy.setOnline(false);
    await sendAll(6, 45);
    proxy.setOnline(true);
    await sendAll(46, 120);
    await until("nothing waits", async () => (await book()).spooled === 0);
    expect(places.get("spool")).toBeGreaterThan(30);
    expect(places.get("stream")).toBeGreaterThan(5);
    const { events } = await verdictsOf(server.client, stream);
    expect(firstsOf(events)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
    expect(await book()).toMatchObject({ moved: 0, imbalance: 0 });
  });

  it("lets all of them finish at SIGTERM, and ends with 0", async () => {
    const stream = await startWorkers("--aggregate-age-ms", "2000");
    const sent = Array.from({ length: 6 }, (_, i) => send(`e${i}`, 1, 5));
    await until("all of it is under way", async () => (await book()).in_flight === 30);
    relay!.child.kill("SIGTERM");
    for (const answer of await Promise.all(sent))
      expect(answer).toMatchObject({ acked_through: 5, durable: "stream" });
    expect((await relay!.finished).code).toBe(0);
    const { events } = await verdictsOf(server.client, stream);
    expect(seqsOf(events)).toEqual([1, 2, 3, 4, 5].flatMap((n) => Array(6).fill(n)));
  });

  it("does not start where its port is taken, and says so", async () => {
    const stream = await startWorkers();
    const { port } = new URL(url);
    const where = ["--stream", stream, "--endpoint", proxy.url, "--region", "us-east-1", "--port", port];
    const second = start("relay", [...where, "--workers", "2"], { TONEARM_WRITE_KEYS: KEY });
    const { code, stderr } = await second.finished;
    expect(code).toBe(2);
    expect(stderr).toContain(`port ${port} of 127.0.0.1 is taken`);
  });
});
