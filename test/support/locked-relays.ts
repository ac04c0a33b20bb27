/** Relays that let in only those who prove who they are, and the files that their options name. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { freshStream, type KinesisServer } from "./kinesis-servers.ts";
import { startTestRelay, type TestRelay } from "./relays.ts";

/** What is done with a relay while it serves. */
export type UseRelay = (relay: TestRelay, stream: string) => Promise<void>;

/** Starts a relay on a stream of its own, hands it to `use`, holds its book to the sum, and ends it. */
export async function usingLockedRelay(
  server: KinesisServer,
  options: Readonly<Record<string, unknown>>,
  use: UseRelay,
): Promise<void> {
  const stream = await freshStream(server, 1);
  const relay = await startTestRelay(server, stream, { insecure: false, ...options });
  try {
    await use(relay, stream);
    expect(relay.pipeline.book.imbalance).toBe(0);
  } finally {
    await relay.stop();
  }
}

/** Writes a file, or writes it anew; returns its path. */
export async function textFile(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}
