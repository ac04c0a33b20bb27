/** Where the events of real players arrive: a Kinesis, a relay, and what stands in the stream behind them. */
import { expect } from "vitest";
import { freshStream, type KinesisServer, startServer } from "./kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "./relays.ts";
import { verdictsOf } from "./verdicts.ts";

type StreamEvent = Readonly<Record<string, unknown>>;

/** A stream of its own and a relay before it, so that what happens at the same time elsewhere is not in it. */
export interface Stage {
  readonly endpoint: string;
  /** The plays of a device in the stream, in the order in which they were recorded. */
  plays(device: string): Promise<readonly StreamEvent[]>;
  sources(device: string): Promise<readonly StreamEvent[]>;
  /** All events of the stream, as text, to look for what must not be in it. */
  everything(): Promise<string>;
}

export interface PlayerWorld {
  stage(): Promise<Stage>;
  stop(): Promise<void>;
}

export async function startPlayerWorld(): Promise<PlayerWorld> {
  const kinesis: KinesisServer = await startServer("kinesalite");
  const relays: TestRelay[] = [];
  return {
    async stage() {
      const stream = await freshStream(kinesis, 1);
      const relay = await startTestRelay(kinesis, stream);
      relays.push(relay);
      return stageOf(kinesis, stream, relay.url);
    },
    async stop() {
      await Promise.all(relays.map((relay) => relay.stop()));
      await kinesis.stop();
    },
  };
}

function stageOf({ client }: KinesisServer, stream: string, endpoint: string): Stage {
  const events = async () => {
    const verdicts = await verdictsOf(client, stream);
    expect(verdicts.missing).toBe(0);
    // Epochs of one device follow one another.
    return verdicts.events.toSorted(
      (a, b) => Number(a.time_ms) - Number(b.time_ms) || Number(a.seq) - Number(b.seq),
    );
  };
  const of = async (device: string, type: string) =>
    (await events()).filter((event) => event.device === device && event.type === type);
  return {
    endpoint,
    plays: (device) => of(device, "play"),
    sources: (device) => of(device, "source"),
    everything: async () => JSON.stringify(await events()),
  };
}

export const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** So many milliseconds, or a little less, or more: a machine that is busy is late. */
export const about = (ms: number) =>
  expect.toSatisfy((value: number) => value > ms - 400, `about ${ms} or more`);
