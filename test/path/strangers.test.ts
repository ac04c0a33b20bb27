import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

let server: KinesisServer;
beforeAll(async () => {
  server = await startServer("kinesalite");
});
afterAll(async () => {
  await server?.stop();
  await cleanUp();
});

/** Sends small batches of one device, one behind the other; resolves to the statuses of the answers, with how often each came. */
async function sendWhile(
  relay: TestRelay,
  device: string,
  goOn: () => boolean,
): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for (let seq = 1; goOn(); seq++) {
    const response = await fetch(new URL("/v1/batches", relay.url), {
      method: "POST",
      body: `{"v":1,"device":"${device}","epoch":"${device}","first_seq":${seq},"count":1}\n["x",1,1,null,{}]\n`,
      headers: { "content-type": "application/x-ndjson" },
    });
    await response.text();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
  }
  return statuses;
}

describe("slow clients", () => {
  const COUNT = 1_000;
  const HEAD = "POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-ndjson\r\n";
  /** What each begins with, and what it goes on with, a byte a second. */
  const SHAPES: readonly (readonly [name: string, begin: string, drip: string])[] = [
    ["say nothing", "", ""],
    ["never come to the end of their headers", `${HEAD}x: `, "y"],
    ["never come to the end of their body", `${HEAD}content-length: 1000\r\n\r\n`, " "],
  ];

  it("of three shapes, a thousand each, are all shown out, and a good one is answered meanwhile", async () => {
    const relay = await startTestRelay(server, await freshStream(server, 1), { aggregateAgeMs: 1 });
    const port = Number(new URL(relay.url).port);
    const closed = SHAPES.map(() => 0);
    const answers = SHAPES.map(() => new Set<string>());
    for (const [shape, [, begin, drip]] of SHAPES.entries()) {
      for (let i = 0; i < COUNT; i++) {
        const socket = connect(port, "127.0.0.1");
        let timer: NodeJS.Timeout | undefined;
        socket.on("connect", () => {
          if (begin === "") return;
          socket.write(begin);
          timer = setInterval(() => socket.write(drip), 1_000);
        });
        socket.on("data", (bytes) => answers[shape]!.add(bytes.toString().slice(0, 12)));
        socket.on("error", () => undefined);
        socket.on("close", () => {
          clearInterval(timer);
          closed[shape]!++;
        });
        // More at once than wait to be accepted would be lost on the way, and never hear that they are.
        if (i % 100 === 99) await once(socket, "connect");
      }
    }
    const isOver = () => closed.every((count) => count === COUNT);
    const statuses = sendWhile(relay, "good", () => !isOver());
    await until("all of them are gone", isOver, 60_000);
    const { 200: good = 0, ...bad } = await statuses;
    // As many as one after another can be, and none that was anything but good.
    expect([good > 100, bad]).toEqual([true, {}]);
    expect(answers.slice(1).map((each) => [...each])).toEqual([["HTTP/1.1 408"], ["HTTP/1.1 408"]]);
    // Each of them once, and those that never said anything among them.
    expect(relay.pipeline.book.refusedRequests).toEqual({ request_timeout: 3 * COUNT });
    // They know that they are gone before the relay does.
    await until("nothing of them is held", () => relay.pipeline.admission.bytesInFlight === 0);
    await relay.stop();
  });
});

describe("one loud device", () => {
  it("at a hundred times the rate of the others costs none of them an event, an answer or their turn", async () => {
    const stream = await freshStream(server, 1);
    const relay = await startTestRelay(server, stream, {
      deviceBytesPerSecond: 65_536,
      deviceBurstBytes: 65_536,
    });
    const endpoint = relay.url;
    const quiet = await Promise.all(
      Array.from({ length: 10 }, async (_, i) =>
        hurriedTelemetry({ endpoint, device: `quiet-${i}`, directory: await freshDirectory() }),
      ),
    );
    const retries = () => quiet.reduce((sum, telemetry) => sum + telemetry.stats().retries, 0);
    let loudGoesOn = true;
    const loud = Promise.all(Array.from({ length: 4 }, () => sendWhile(relay, "loud", () => loudGoesOn)));
    for (let round = 0; round < 30; round++) {
      for (const telemetry of quiet) telemetry.record("tick", { round });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const telemetry of quiet) expect(await telemetry.close()).toMatchObject({ delivered: true });
    loudGoesOn = false;
    const statuses = await loud;
    expect(statuses.reduce((sum, { 429: refused = 0 }) => sum + refused, 0)).toBeGreaterThan(100);
    expect([retries(), relay.pipeline.book.imbalance]).toEqual([0, 0]);
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    for (const { epoch } of quiet) expect(epochs.get(epoch)?.verdict).toBe("COMPLETE");
    expect(events.filter(({ type }) => type === "tick")).toHaveLength(300);
  });

  it("that keeps to the protocol loses nothing either: it is told when to come again", async () => {
    const stream = await freshStream(server, 1);
    const relay = await startTestRelay(server, stream, {
      deviceBytesPerSecond: 262_144,
      deviceBurstBytes: 65_536,
    });
    const telemetry = hurriedTelemetry({
      endpoint: relay.url,
      device: "loud",
      directory: await freshDirectory(),
      batchBytesMax: 32_768,
    });
    // No two alike: what repeats takes next to nothing in a batch by columns.
    for (let i = 0; i < 3_000; i++) telemetry.record("tick", { i, pad: randomBytes(50).toString("hex") });
    expect(await telemetry.close({ timeoutMs: 60_000 })).toMatchObject({ delivered: true });
    expect(relay.pipeline.book.refusedRequests.too_many_requests).toBeGreaterThan(0);
    await relay.stop();
    const { epochs, events } = await verdictsOf(server.client, stream);
    expect(epochs.get(telemetry.epoch)?.verdict).toBe("COMPLETE");
    expect(events).toHaveLength(3_000);
  });
});

describe("a redirect", () => {
  it("that an endpoint of Kinesis answers with is not followed", async () => {
    let visits = 0;
    const inside = createServer((_, response) => {
      visits++;
      response.end("{}");
    });
    const outside = createServer((_, response) => {
      const { port } = inside.address() as AddressInfo;
      response.writeHead(307, { location: `http://127.0.0.1:${port}/latest/meta-data` }).end();
    });
    for (const each of [inside, outside]) {
      each.listen(0, "127.0.0.1");
      await once(each, "listening");
    }
    const endpoint = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
    await expect(startTestRelay({ endpoint }, "any")).rejects.toThrow("cannot be used");
    expect(visits).toBe(0);
    for (const each of [inside, outside]) each.close().closeAllConnections();
  });
});
