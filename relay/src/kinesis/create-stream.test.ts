import { ResourceInUseException } from "@aws-sdk/client-kinesis";
import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { type Answer, awsError, scriptedClient } from "../testing/scripted-client.ts";
import { createStream } from "./create-stream.ts";

const inUse = () => {
  throw new ResourceInUseException({ message: "scripted", $metadata: { httpStatusCode: 400 } });
};
const denied = () => {
  throw awsError("AccessDeniedException");
};
const status = (StreamStatus: string) => ({ StreamDescriptionSummary: { StreamStatus } });

/** One answer after the other; the last one stays. */
function inTurn(...answers: readonly Answer[]): Answer {
  let at = 0;
  return (input) => answers[Math.min(at++, answers.length - 1)]!(input);
}

/** How it ended, and after how long. */
async function create(answers: Readonly<Record<string, Answer>>) {
  const clock = new ManualClock();
  let ended: { readonly after: number; readonly error?: unknown } | undefined;
  const client = scriptedClient({ CreateStream: () => ({}), ...answers });
  const creating = createStream(client, "s", 2, clock, 1_000).then(
    () => {
      ended = { after: clock.now };
      return ended;
    },
    (error: unknown) => {
      ended = { after: clock.now, error };
      return ended;
    },
  );
  for (let i = 0; i < 20 && !ended; i++) await clock.advance(100);
  return creating;
}

describe("making a stream", () => {
  it("waits until it takes records", async () => {
    const states = ["CREATING", "CREATING", "ACTIVE"].map((state) => () => status(state));
    const { after, error } = await create({ DescribeStreamSummary: inTurn(...states) });
    expect([after >= 200, error]).toEqual([true, undefined]);
  });

  it("leaves a stream as it is that exists", async () => {
    const { error } = await create({ CreateStream: inUse, DescribeStreamSummary: () => status("ACTIVE") });
    expect(error).toBeUndefined();
  });

  it("asks for shards where the stream may not be described", async () => {
    const Shards = [{ ShardId: "shard-0" }];
    const ListShards = inTurn(
      inUse,
      () => ({ Shards: [] }),
      () => ({ Shards }),
    );
    const { after, error } = await create({ DescribeStreamSummary: denied, ListShards });
    expect([after >= 200, error]).toEqual([true, undefined]);
  });

  it("ends with the error of a call that fails", async () => {
    expect(await create({ CreateStream: denied })).toMatchObject({
      error: { name: "AccessDeniedException" },
    });
    const broken = { DescribeStreamSummary: denied, ListShards: denied };
    expect(await create(broken)).toMatchObject({ error: { name: "AccessDeniedException" } });
  });

  it("gives up when the stream does not get ready", async () => {
    expect(await create({ DescribeStreamSummary: () => status("CREATING") })).toMatchObject({
      error: { message: "stream s is still being created after 1000 ms" },
    });
  });
});
