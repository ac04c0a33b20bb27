/**
 * The truth, kept outside of everything it judges. Three kinds of lines go into part files while a fleet records:
 *
 *   ["r", device, epoch, seq, type, data]    an event was recorded; written before it can have become durable
 *   ["d", device, epoch, throughSeq]         everything of the epoch up to here had become durable (L1) on its device
 *   ["a", device, epoch, throughSeq]         everything of the epoch up to here had been acknowledged by a relay (L2)
 *
 * At the end they become `truth.ndjson`: one line per recorded event, with whether it had become durable.
 */

import { closeSync, createReadStream, openSync, writeSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import type { EventData } from "@tonearm/sdk";

type RecordedLine = readonly ["r", string, string, number, string, EventData];
type ReachedLine = readonly ["d" | "a", string, string, number];

/** An event as the truth has it. */
export interface TrueEvent {
  readonly device: string;
  readonly epoch: string;
  readonly seq: number;
  readonly type: string;
  readonly data: EventData;
  /** It had become durable on its device: it may never be missing. */
  readonly durable: boolean;
}

/** Writes one part file, line by line and at once: what is written survives a kill of this process. */
export class LedgerPart {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  /** @param json the event's data as the SDK encoded it. */
  recorded(device: string, epoch: string, seq: number, type: string, json: string): void {
    writeSync(this.#file, `["r","${device}","${epoch}",${seq},"${type}",${json}]\n`);
  }

  durable(device: string, epoch: string, throughSeq: number): void {
    writeSync(this.#file, `["d","${device}","${epoch}",${throughSeq}]\n`);
  }

  acknowledged(device: string, epoch: string, throughSeq: number): void {
    writeSync(this.#file, `["a","${device}","${epoch}",${throughSeq}]\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** How many events each device has recorded, by the lines of a part file; a killed process goes on from there. */
export async function recordedByDevice(path: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of linesOf(path)) {
    if (line[0] === "r") counts.set(line[1], (counts.get(line[1]) ?? 0) + 1);
  }
  return counts;
}

/**
 * Joins part files into `truth.ndjson`, and closes it. Memory grows with the number of epochs, not of events.
 * @returns how many durable events no relay had acknowledged.
 */
export async function writeTruth(parts: readonly string[], truth: FileHandle): Promise<number> {
  const reached = { d: new Map<string, number>(), a: new Map<string, number>() };
  for (const part of parts) {
    for await (const line of linesOf(part)) {
      if (line[0] === "r") continue;
      const [kind, device, epoch, throughSeq] = line;
      const id = `${device} ${epoch}`;
      reached[kind].set(id, Math.max(throughSeq, reached[kind].get(id) ?? 0));
    }
  }
  let unacknowledged = 0;
  async function* lines(): AsyncGenerator<string> {
    for (const part of parts) {
      for await (const line of linesOf(part)) {
        if (line[0] !== "r") continue;
        const [, device, epoch, seq, type, data] = line;
        const durable = seq <= (reached.d.get(`${device} ${epoch}`) ?? 0);
        if (durable && seq > (reached.a.get(`${device} ${epoch}`) ?? 0)) unacknowledged++;
        const event: TrueEvent = { device, epoch, seq, type, data, durable };
        yield `${JSON.stringify(event)}\n`;
      }
    }
  }
  await pipeline(lines, truth.createWriteStream());
  return unacknowledged;
}

/** The events of a `truth.ndjson`. */
export async function* readTruth(path: string): AsyncGenerator<TrueEvent> {
  for await (const line of createInterface({ input: createReadStream(path) }))
    yield JSON.parse(line) as TrueEvent;
}

async function* linesOf(path: string): AsyncGenerator<RecordedLine | ReachedLine> {
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const line = parseOrNothing(text);
    if (line) yield line;
  }
}

/** The last line of a killed process may be cut off: what it was about to say had no consequence yet. */
function parseOrNothing(text: string): RecordedLine | ReachedLine | undefined {
  try {
    return JSON.parse(text) as RecordedLine | ReachedLine;
  } catch {
    return undefined;
  }
}
