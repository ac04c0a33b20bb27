/** Relays as they are started, on disks and ports of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@tonearm/sdk/testing";
import { checkConfig } from "../config/check.ts";
import { type Relay, startRelay } from "../relay.ts";
import { SILENT } from "./pipelines.ts";
import { type Answer, awsError, scriptedClient } from "./scripted-client.ts";

export const SHARD = {
  ShardId: "shard-0",
  HashKeyRange: { StartingHashKey: "0", EndingHashKey: String(2n ** 128n - 1n) },
};
/** A stream whose shape is known and that takes nothing. */
export const away = scriptedClient({
  ListShards: () => ({ Shards: [SHARD] }),
  DescribeStreamSummary: () => ({ StreamDescriptionSummary: { StreamStatus: "ACTIVE" } }),
  PutRecords: () => {
    throw awsError("InternalFailure", 500);
  },
});

const cleanUps: (() => Promise<unknown>)[] = [];
/** Ends what a test has started, and removes its directories. */
export async function stopAll(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
}

export async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tonearm-relay-"));
  cleanUps.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Chance differs from start to start, as it does in life: epochs are made of it. */
let seed = 1;
export const freshClock = (): ManualClock => new ManualClock(seed++);

/** A relay that is stopped when the test is over. */
export function untilTheEnd(relay: Relay, clock: ManualClock): Relay {
  cleanUps.push(() => stop(relay, clock));
  return relay;
}

export async function startOn(spool: string) {
  const clock = freshClock();
  const config = checkConfig({ insecure: true, port: 0, spool, failuresToOpen: 1, shutdownMs: 100 });
  return { relay: untilTheEnd(await startRelay(config, away, clock, SILENT), clock), clock };
}

export async function stop(relay: Relay, clock: ManualClock): Promise<void> {
  const stopped = relay.stop();
  await clock.advance(1_000);
  await stopped;
}

/** A Kinesis that is away until it is told otherwise. */
export function absent() {
  const kinesis = { isBack: false };
  const asked: string[] = [];
  const taken: string[] = [];
  const answer = (name: string, answers: Answer): Answer => {
    return (input) => {
      asked.push(name);
      if (!kinesis.isBack) throw awsError("InternalFailure", 500);
      return answers(input);
    };
  };
  const client = scriptedClient({
    CreateStream: answer("CreateStream", () => ({})),
    ListShards: answer("ListShards", () => ({ Shards: [SHARD] })),
    DescribeStreamSummary: answer("DescribeStreamSummary", () => ({
      StreamDescriptionSummary: { StreamStatus: "ACTIVE" },
    })),
    PutRecords: answer("PutRecords", ({ Records: records }) => ({
      Records: (records as { PartitionKey: string }[]).map(({ PartitionKey: key }) => {
        taken.push(key);
        return { ShardId: "shard-0", SequenceNumber: "1" };
      }),
    })),
  });
  return { client, kinesis, asked, taken };
}
