import { rename } from "node:fs/promises";
import { join } from "node:path";
import { audit } from "@tonearm/relay/read";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { KinesisProxy } from "../support/kinesis-proxy.ts";
import { freshStream, startServer } from "../support/kinesis-servers.ts";
import { run } from "../support/processes.ts";
import { startTestRelay } from "../support/relays.ts";

const NERVOUS = {
  failuresToOpen: 1,
  openMs: 100,
  openMsMax: 200,
  refreshPauseMs: 100,
  deliveryDeadlineMs: 1_000,
};

afterAll(cleanUp);

/** One batch of three events, the second of them large. */
const BATCH = `${JSON.stringify({ v: 1, device: "d1", epoch: "e1", first_seq: 1, count: 3 })}
["tick",1763840940123,0,null,{"n":1}]
["tick",1763840940123,0,null,{"n":2,"text":"${"x".repeat(3_000)}"}]
["tick",1763840940123,0,null,{"n":3}]
`;

describe("an event that a relay had accepted and the stream takes no more", () => {
  it("is listed by relay dead-letter, counted in the book, and missing in the audit", async () => {
    const server = await startServer("kinesalite");
    const proxy = await KinesisProxy.start(server.endpoint);
    try {
      const stream = await freshStream(server, 1);
      const spool = await freshDirectory();
      const relay = await startTestRelay(proxy, stream, { ...NERVOUS, spool });
      proxy.fault = { kind: "unavailable" };
      const headers = { "content-type": "application/x-ndjson" };
      const response = await fetch(`${relay.url}/v1/batches`, { method: "POST", headers, body: BATCH });
      expect(await response.json()).toMatchObject({ acked_through: 3, durable: "spool" });
      proxy.summary = { MaxRecordSizeInKiB: 2 };
      relay.pipeline.shardMap.surprise();
      await until("the relay knows", () => relay.pipeline.shardMap.shape?.recordBytesMax === 2_048);
      proxy.fault = { kind: "none" };
      await until("the spool is empty", () => relay.pipeline.book.spooled === 0);
      expect(relay.pipeline.book).toMatchObject({ received: 3, delivered: 2, deadLetters: 1, imbalance: 0 });

      const listed = await run("relay", ["dead-letter", "--spool", spool]);
      expect(listed).toMatchObject({ code: 0, stderr: "" });
      expect(listed.stdout).toMatch(
        /^20\S+Z batch_too_large: d1 e1 2, 1 events, \d+ bytes\n1 dead letters\n$/,
      );
      const { stdout } = await run("relay", ["dead-letter", "--spool", spool, "--json"]);
      const [line, ...others] = stdout.trimEnd().split("\n");
      expect(others).toEqual([]);
      expect(JSON.parse(line!)).toMatchObject({
        reason: "batch_too_large",
        record: { device: "d1", epoch: "e1", seq: 2, n: 2 },
      });
      await relay.stop();
      // What a relay with several workers had leaves it in a directory for each.
      const whole = await freshDirectory();
      await rename(spool, join(whole, "worker-2"));
      const ofWorkers = await run("relay", ["dead-letter", "--spool", whole]);
      expect(ofWorkers.stdout).toBe(listed.stdout);
      const { ledger } = await audit(server.client, stream, systemClock);
      expect([...ledger.reports()]).toMatchObject([{ verdict: "INCOMPLETE", missing: [[2, 2]] }]);
      expect((await run("relay", ["dead-letter", "--spool", `${spool}/nowhere`])).code).toBe(2);
    } finally {
      await proxy.close();
      await server.stop();
    }
  });
});
