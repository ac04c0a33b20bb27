/**
 * What the relay had accepted and can bring nowhere: Kinesis refuses it for ever, or it cannot be read as a batch. It is
 * kept in a log of its own inside the spool's directory, so that it holds up nothing else and nothing is lost.
 *
 * A dead letter is one line of JSON, `{"reason", "time_ms"}`, and then the batch as it stood in the spool.
 */
import { type Disk, NORMAL, readEntries, type Store } from "@tonearm/sdk/file-log";
import { type Clock, newEpochId } from "@tonearm/sdk/ports";
import type { Batch } from "../batch.ts";
import { decodeSpooledBatch } from "./spooled-batch.ts";

/** A dead letter, read back. */
export interface DeadLetter {
  /** Kinesis's name for why, `batch_too_large`, or `undecodable`. */
  readonly reason: string;
  /** The relay's wall clock when it was put aside. */
  readonly timeMs: number;
  /** Undefined when the spooled bytes are no batch. */
  readonly batch: Batch | undefined;
  readonly bytes: Uint8Array;
}

const LINE_FEED = 0x0a;

export class DeadLetters {
  readonly #disk: Disk;
  readonly #makeLog: () => Store;
  readonly #clock: Clock;
  /** Made with the first letter: most relays never have one. */
  #log: Promise<Store> | undefined;
  #nextSeq = 1;
  /** Letters there are, those of earlier processes included, and their bytes. */
  batches = 0;
  bytes = 0;

  /** @param makeLog makes the log on `disk`. */
  constructor(disk: Disk, clock: Clock, makeLog: () => Store) {
    this.#disk = disk;
    this.#clock = clock;
    this.#makeLog = makeLog;
  }

  /** Counts what earlier processes left. @throws the system's error when the directory cannot be listed. */
  async open(): Promise<void> {
    for await (const found of readEntries(this.#disk)) {
      if (found.kind === "entry") this.#count(found.entry.bytes);
    }
  }

  /** Puts spooled bytes aside; resolves to whether they are durable there. */
  async bury(bytes: Uint8Array, reason: string): Promise<boolean> {
    const header = Buffer.from(`${JSON.stringify({ reason, time_ms: this.#clock.wallMs() })}\n`);
    const letter = Buffer.concat([header, bytes]);
    try {
      this.#log ??= this.#openLog();
      const log = await this.#log;
      const { ok } = await log.append([{ seq: this.#nextSeq++, priority: NORMAL, bytes: letter }]);
      if (ok) this.#count(letter);
      return ok;
    } catch {
      this.#log = undefined;
      return false;
    }
  }

  async close(): Promise<void> {
    const log = await this.#log?.catch(() => undefined);
    await log?.close();
  }

  async #openLog(): Promise<Store> {
    const log = this.#makeLog();
    await log.open("relay", newEpochId(this.#clock));
    this.#nextSeq = 1;
    return log;
  }

  #count(letter: Uint8Array): void {
    this.batches++;
    this.bytes += letter.length;
  }
}

/** Dead letters as they stand on disk, oldest first, and what of the files cannot be read, in words. */
export async function* readDeadLetters(disk: Disk): AsyncGenerator<DeadLetter | string> {
  for await (const found of readEntries(disk)) {
    if (found.kind === "entry") yield decodeDeadLetter(found.entry.bytes);
    else yield `${found.name} ${found.reason}`;
  }
}

function decodeDeadLetter(letter: Uint8Array): DeadLetter {
  const end = letter.indexOf(LINE_FEED);
  const bytes = letter.subarray(end + 1);
  const { reason, time_ms: timeMs } = JSON.parse(Buffer.from(letter.subarray(0, end)).toString()) as {
    readonly reason: string;
    readonly time_ms: number;
  };
  return { reason, timeMs, batch: decodeSpooledBatch(bytes), bytes };
}
