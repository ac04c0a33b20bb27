import { deaggregate, type EpochReport, Ledger, type StreamRecord } from "@tonearm/relay/read";
import type { DiskHost } from "./disk-host.ts";
import type { StreamedRecord } from "./kinesis.ts";
import type { Trace } from "./trace.ts";
import { type EpochTruth, Truth } from "./truth.ts";

/** A promise that was not kept, and when. */
export interface Violation {
  readonly step: number;
  readonly atMs: number;
  readonly what: string;
}

/** What a device asked a relay to take: which numbers, those given up left out. */
export interface Asked {
  readonly device: string;
  readonly epoch: string;
  readonly seqs: readonly number[];
}

/** What the promises depend on. */
export interface OracleOptions {
  /** One relay, and no spool: then a device's events come in their order. */
  readonly isOrdered: boolean;
  /** Whether a disk may have lied about what it holds. */
  hasLied(device: string): boolean;
}

const RECEIVED_MS = '"received_ms":';

/** Judges everything from outside: what was recorded, what was acknowledged, what is in the stream. */
export class Oracle {
  readonly truth = new Truth();
  readonly violations: Violation[] = [];
  events = 0;
  readonly #ledger = new Ledger();
  readonly #trace: Trace;
  readonly #options: OracleOptions;

  constructor(trace: Trace, options: OracleOptions) {
    this.#trace = trace;
    this.#options = options;
  }

  /** A promise was not kept. The simulation ends after this step. */
  violated(what: string): void {
    this.#trace.say("oracle", `VIOLATION ${what}`);
    this.violations.push({ step: this.#trace.steps, atMs: this.#trace.nowMs, what });
  }

  recorded(device: string, epoch: string, seq: number, type: string, json: string): void {
    this.events++;
    const known = this.truth.epoch(device, epoch);
    if (seq <= known.lastSeq) this.violated(`${device} ${epoch} gave the number ${seq} twice`);
    known.record(seq, type, json);
  }

  durable(device: string, epoch: string, throughSeq: number): void {
    const known = this.truth.epoch(device, epoch);
    known.durableThrough = Math.max(known.durableThrough, throughSeq);
  }

  /**
   * A relay answered that everything up to `throughSeq` is safe. Then it is in the stream, or on the relay's disk so
   * that no power cut can take it.
   */
  acknowledged({ device, epoch, seqs }: Asked, throughSeq: number, spool: DiskHost | undefined): void {
    const known = this.truth.epoch(device, epoch);
    const safe = seqs.filter((seq) => seq <= throughSeq);
    for (const seq of safe) known.acknowledge(seq);
    const outside = safe.filter((seq) => !known.isReceived(seq));
    for (const seq of new Set([outside[0], outside.at(-1)])) {
      if (seq === undefined || spool?.hasLied) continue;
      const line = Buffer.from(`{"device":"${device}","epoch":"${epoch}","seq":${seq},`);
      if (!spool?.medium.durablyHolds(line))
        this.violated(
          `${device} ${epoch} ${seq} was acknowledged, and is neither in the stream nor in a spool`,
        );
    }
  }

  /** A record came into the stream. */
  streamed({ entry, shard, by }: StreamedRecord): void {
    // What a consumer built on KCL would not get has not come.
    const { userRecords, withheld } = deaggregate(entry, shard);
    if (withheld) this.#trace.say("oracle", `${withheld.count} records withheld: ${withheld.reason}`);
    for (const { data, partitionKey } of userRecords) {
      const line = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
      const record = parse(line);
      if (!record) {
        this.violated(`a user record of ${data.length} bytes is not one of ours`);
        continue;
      }
      if (partitionKey !== record.device)
        this.violated(`${record.device} stands under the key ${partitionKey}`);
      this.#received(record, line, by);
    }
  }

  /** The audit's verdicts against the truth, once everything has had the time to arrive. */
  judge(): void {
    const reports = new Map<string, EpochReport>();
    for (const report of this.#ledger.reports()) reports.set(`${report.device} ${report.epoch}`, report);
    for (const epoch of this.truth.epochs) this.#judge(epoch, reports.get(`${epoch.device} ${epoch.epoch}`));
  }

  #received(record: StreamRecord, line: string, by: string): void {
    const { device, epoch, seq, type } = record;
    const known = this.truth.epoch(device, epoch);
    const isControl = type.startsWith("$");
    if (known.isRecorded(seq) === isControl || (!isControl && !known.matches(seq, type, dataIn(line))))
      this.violated(`${device} ${epoch} ${seq} in the stream is not what was recorded`);
    const { last } = known;
    // What a device has given up meanwhile may still be on its way.
    const isAstray = seq < last.seq && by === last.by && this.#ledger.state(device, epoch, seq) === "missing";
    if (this.#options.isOrdered && isAstray)
      this.violated(`${device} ${epoch} ${seq} came into the stream after ${last.seq}`);
    this.#ledger.add(record);
    known.receive(seq);
    if (seq > last.seq) known.last = { seq, by };
  }

  #judge(known: EpochTruth, report: EpochReport | undefined): void {
    const { device, epoch } = known;
    const name = `${device} ${epoch}`;
    const mayBeLost = this.#options.hasLied(device);
    // Who says that everything durable is there must be right even when a disk has lied.
    const claimsAll =
      report?.verdict === "COMPLETE" || (report?.end === "named" && report.verdict !== "INCOMPLETE");
    for (const seq of known.seqs()) {
      if (this.#ledger.state(device, epoch, seq) !== "missing") continue;
      const isAcknowledged = known.isAcknowledged(seq);
      const isDurable = known.isRecorded(seq) && seq <= known.durableThrough;
      if (!mayBeLost && isAcknowledged) this.violated(`${name} ${seq} was acknowledged, and is lost`);
      else if (!mayBeLost && isDurable) this.violated(`${name} ${seq} was durable, and is lost`);
      else if (report?.verdict === "COMPLETE") this.violated(`${name} is said to be COMPLETE without ${seq}`);
      else if (claimsAll && isDurable)
        this.violated(`${name} is said to lack nothing durable, and lacks ${seq}`);
    }
    if (known.isClosed && !mayBeLost && report?.verdict !== "COMPLETE")
      this.violated(`${name} ended in order, and is ${report?.verdict ?? "not in the stream"}`);
  }
}

function parse(line: string): StreamRecord | undefined {
  try {
    return JSON.parse(line) as StreamRecord;
  } catch {
    return undefined;
  }
}

/** The device's own JSON, as it stands behind the relay's fields. */
function dataIn(line: string): string {
  const at = line.indexOf(RECEIVED_MS) + RECEIVED_MS.length;
  const from = line.slice(at).search(/[,}]/) + at;
  return line[from] === "}" ? "{}" : `{${line.slice(from + 1, -1)}`;
}
