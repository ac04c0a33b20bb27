import { decode } from "@msgpack/msgpack";
import { lastSeqOf } from "../run.ts";
import type { Run } from "../store.ts";
import type { Answer, Sending, Transport } from "../transport.ts";

/** One event as a relay would read it. */
export interface ReceivedEvent {
  readonly epoch: string;
  readonly seq: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A relay played by a function; it keeps every batch, and the events of those it accepted. */
export class ScriptedTransport implements Transport {
  readonly batches: { epoch: string; firstSeq: number; count: number }[] = [];
  readonly received: ReceivedEvent[] = [];
  answer: (run: Run) => Answer | Promise<Answer> = accept;
  closed = false;

  /** What was added to each batch. */
  readonly headers: Readonly<Record<string, string>>[] = [];

  async send(run: Run, signal: AbortSignal, sending: Sending): Promise<Answer> {
    this.headers.push(sending.headers);
    sending.left(1, "identity");
    this.batches.push({ epoch: run.epoch, firstSeq: run.firstSeq, count: run.events.length });
    const aborted = new Promise<Answer>((resolve) =>
      signal.addEventListener("abort", () => resolve(unreachable())),
    );
    const answer = await Promise.race([this.answer(run), aborted]);
    if (answer.kind === "accepted") {
      for (const event of readRun(run)) if (event.seq <= answer.throughSeq) this.received.push(event);
    }
    return answer;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export const accept = (run: Run): Answer => ({
  kind: "accepted",
  throughSeq: lastSeqOf(run),
  durable: "stream",
  serverTimeMs: undefined,
  bodyBytes: 1,
});

export const unreachable = (): Answer => ({
  kind: "retry",
  afterMs: undefined,
  fault: { kind: "unreachable", message: "scripted" },
});

/** The events of a run, decoded by a msgpack library that is not the SDK's. */
export function readRun(run: Run): ReceivedEvent[] {
  return run.events.flatMap((bytes, i) => {
    if (bytes.length === 0) return [];
    const [type, , , , json] = decode(bytes) as [string, number, number, number | null, string];
    return { epoch: run.epoch, seq: run.firstSeq + i, type, data: JSON.parse(json) };
  });
}
