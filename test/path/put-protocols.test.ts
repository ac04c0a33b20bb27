/** Records in JSON and in CBOR, to servers that are not ours, read back by code that is not ours. */
import { putterFor, quickestClient } from "@tonearm/relay/put";
import { systemClock } from "@tonearm/sdk/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readIndependently } from "../support/independent-reader.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";

const PROTOCOLS = { kinesalite: "JSON", "kinesis-local": "CBOR" };
const NO_LOG = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** The last hash key there is: beyond what a double holds. */
const LAST = String(2n ** 128n - 1n);

describe.each(SERVERS)("PutRecords to %s", (name) => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer(name);
  });
  afterAll(() => server.stop());

  const entry = (partitionKey: string, data: string, explicitHashKey?: string) => ({
    partitionKey,
    explicitHashKey,
    data: Buffer.from(data),
    shardId: "",
    lane: "live" as const,
    deliveries: [],
    userRecords: 1,
  });

  it(`goes in ${PROTOCOLS[name]}, and every byte arrives where it belongs`, async () => {
    const stream = await freshStream(server, 2);
    const client = await quickestClient(server.client, stream, NO_LOG);
    expect(client === server.client ? "JSON" : "CBOR").toBe(PROTOCOLS[name]);
    const lines = Array.from({ length: 300 }, (_, i) => `{"n":${i},"text":"é\\u0000${"x".repeat(i)}"}\n`);
    const answer = await putterFor(
      client,
      stream,
      systemClock,
      60_000,
    )([...lines.map((line) => entry("a", line, "0")), entry("étude", '{"n":-1}\n', LAST)]);
    if (answer.kind !== "answered") throw new Error(String(answer.error));
    expect(new Set(answer.results.slice(0, -1).map((result) => result.ok && result.shardId)).size).toBe(1);
    const { records } = await readIndependently(server.client, stream);
    expect(records.filter(({ partitionKey }) => partitionKey === "a").map(({ line }) => line)).toEqual(lines);
    const last = records.find(({ partitionKey }) => partitionKey === "étude");
    expect(last).toMatchObject({ json: { n: -1 }, shardId: "shardId-000000000001" });
  });

  it("to a stream that is not there is an error with its name", async () => {
    const stream = await freshStream(server, 1);
    const client = await quickestClient(server.client, stream, NO_LOG);
    expect(await putterFor(client, "elsewhere", systemClock, 60_000)([entry("a", "x")])).toMatchObject({
      kind: "failed",
      error: { name: "ResourceNotFoundException" },
    });
  });
});
