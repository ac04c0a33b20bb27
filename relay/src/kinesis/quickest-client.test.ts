import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cbor } from "@smithy/core/cbor";
import { systemClock } from "@tonearm/sdk/ports";
import { afterEach, describe, expect, it } from "vitest";
import type { Log } from "../log.ts";
import { type PutAnswer, putterFor } from "../put/putter.ts";
import { makeClient } from "./client.ts";
import { quickestClient } from "./quickest-client.ts";

const CBOR = "application/x-amz-cbor-1.1";
const JSON_MEDIA = "application/x-amz-json-1.1";

interface Reply {
  readonly status: number;
  readonly media: string;
  readonly body: string | Uint8Array;
}

const inCbor = (status: number, value: object): Reply => ({
  status,
  media: CBOR,
  body: cbor.serialize(value),
});
const inJson = (status: number, value: object): Reply => ({
  status,
  media: JSON_MEDIA,
  body: JSON.stringify(value),
});
const SHARDS = inCbor(200, { Shards: [{ ShardId: "shardId-000000000000" }] });

const started: (() => void)[] = [];
afterEach(() => {
  for (const end of started.splice(0)) end();
});

/** A server that answers `ListShards` with `shards` and `PutRecords` with `put`, and what it was asked. */
async function serving(shards: Reply, put: Reply) {
  const asked: { signed: boolean; target: string; media: string; body: Buffer; port: number | undefined }[] =
    [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const target = String(request.headers["x-amz-target"]);
    const type = String(request.headers["content-type"]);
    const signed = request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ") === true;
    const port = request.socket.remotePort;
    asked.push({ signed, target, media: type, body: Buffer.concat(chunks), port });
    const { status, media, body } = target.endsWith("ListShards") ? shards : put;
    response.writeHead(status, { "content-type": media }).end(body);
  };
  const server = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = makeClient(
    {
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    { requestTimeoutMs: 60_000, connectionsMax: 1 },
  );
  started.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const logged: string[] = [];
  const say: Log["info"] = (_, fields) => void logged.push(String(fields?.reason));
  const quickest = await quickestClient(client, "s", { info: say, warn: say, error: say });
  const call = (): Promise<PutAnswer> =>
    putterFor(
      quickest,
      "s",
      systemClock,
      8_000,
    )(
      ["a", "b"].map((partitionKey) => ({
        partitionKey,
        explicitHashKey: undefined,
        data: Buffer.from(`of ${partitionKey}`),
        shardId: "",
        lane: "live",
        deliveries: [],
        userRecords: 1,
      })),
    );
  return { client, quickest, asked, logged, call };
}

describe("a server that speaks CBOR", () => {
  it("is given records as bytes, over the same connection, and signed", async () => {
    const put = inCbor(200, {
      FailedRecordCount: 1,
      Records: [
        { SequenceNumber: "1", ShardId: "shardId-000000000000" },
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow" },
      ],
    });
    const { call, asked, logged } = await serving(SHARDS, put);
    expect(await call()).toEqual({
      kind: "answered",
      results: [
        { ok: true, shardId: "shardId-000000000000" },
        { ok: false, code: "ProvisionedThroughputExceededException" },
      ],
    });
    const [, second] = asked;
    expect(second).toMatchObject({
      signed: true,
      target: "Kinesis_20131202.PutRecords",
      media: CBOR,
      port: asked[0]!.port,
    });
    expect(cbor.deserialize(second!.body)).toEqual({
      StreamName: "s",
      Records: [
        { PartitionKey: "a", Data: Buffer.from("of a") },
        { PartitionKey: "b", Data: Buffer.from("of b") },
      ],
    });
    expect(logged).toEqual([]);
  });

  it.each<[string, Reply, PutAnswer["kind"], string]>([
    [
      "a fault of its own",
      inCbor(500, { __type: "InternalFailure", message: "x" }),
      "failed",
      "InternalFailure",
    ],
    ["a fault, as JSON", inJson(500, { __type: "InternalFailure" }), "failed", "InternalFailure"],
    [
      "a stream that is gone",
      inCbor(400, { __type: "ResourceNotFoundException" }),
      "failed",
      "ResourceNotFoundException",
    ],
    [
      "a record it never takes",
      inCbor(400, { __type: "com.x#ValidationException" }),
      "refused",
      "ValidationException",
    ],
    [
      "a page of something in between",
      { status: 503, media: "text/html", body: "<p>no</p>" },
      "failed",
      "Error",
    ],
    ["nothing", { status: 502, media: "text/plain", body: "" }, "failed", "Unknown"],
    [
      "an answer cut off",
      { ...SHARDS, body: (SHARDS.body as Uint8Array).subarray(0, 20) },
      "failed",
      "Error",
    ],
  ])("and says %s is understood as it is in JSON", async (_, put, kind, name) => {
    const answer = await (await serving(SHARDS, put)).call();
    expect(answer).toMatchObject({ kind, error: { name } });
  });

  it("and throttles a whole call is throttling of every record in it", async () => {
    const put = inCbor(400, { __type: "ProvisionedThroughputExceededException", message: "slow" });
    expect(await (await serving(SHARDS, put)).call()).toMatchObject({
      kind: "answered",
      results: [{ ok: false }, { ok: false }],
    });
  });
});

describe("a server that does not", () => {
  it.each<[string, Reply, string]>([
    ["refuses the media type", inJson(415, { __type: "SerializationException" }), "SerializationException"],
    ["answers something else", inJson(200, {}), "the answer in CBOR names no shard"],
    [
      "answers in JSON all the same, without a shard",
      inCbor(200, { Shards: [] }),
      "the answer in CBOR names no shard",
    ],
    [
      "answers nothing that can be read",
      { status: 200, media: "text/html", body: "<p>hello</p>" },
      "the answer cannot be read as CBOR",
    ],
    ["answers nothing", { status: 200, media: CBOR, body: "" }, "the answer in CBOR names no shard"],
  ])("and %s is spoken to in JSON, with the reason in the log", async (_, shards, reason) => {
    const { client, quickest, logged, call, asked } = await serving(
      shards,
      inJson(500, { __type: "InternalFailure" }),
    );
    expect(quickest).toBe(client);
    expect(logged).toEqual([reason]);
    await call();
    expect(asked[1]).toMatchObject({ media: JSON_MEDIA });
  });
});
