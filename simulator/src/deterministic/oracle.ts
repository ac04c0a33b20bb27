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
  /** One relay, and no AUTO: then a device's events come in their order, through the spool, too. */
  readonly isOrdered: boolean;
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
      if (seq === undefined) continue;
      const line = Buffer.from(`{"device":"${device}","epoch":"${epoch}","seq":${seq},`);
      const holder = spool?.medium.durableHolder(line);
      // It may stand in a file that was damaged before, or while it was on its way.
      if (holder?.isDamaged) known.damage(seq);
      if (!holder && !spool?.medium.isDamaged)
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

  /** The audit's verdicts against the truth, whatever is still on its way: nothing may be claimed too early. */
  judgeClaims(): void {
    for (const report of this.#ledger.reports()) {
      const known = this.truth.epoch(report.device, report.epoch);
      if (isClaim(report))
        for (const seq of known.seqs()) if (this.#isMissing(known, seq)) this.#judgeClaim(known, seq, report);
    }
  }

  /** The same, and that nothing is lost, once everything has had the time to arrive. */
  judge(): void {
    this.judgeClaims();
    const reports = new Map<string, EpochReport>();
    for (const report of this.#ledger.reports()) reports.set(`${report.device} ${report.epoch}`, report);
    for (const epoch of this.truth.epochs)
      this.#judgeLosses(epoch, reports.get(`${epoch.device} ${epoch.epoch}`));
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

  #isMissing(known: EpochTruth, seq: number): boolean {
    // Whether it has come is not asked of who is judged.
    return !known.isReceived(seq) && this.#ledger.state(known.device, known.epoch, seq) !== "declared";
  }

  /** Who says that everything durable is there must be right even when a disk has lied. */
  #judgeClaim(known: EpochTruth, seq: number, report: EpochReport): void {
    const name = `${known.device} ${known.epoch}`;
    if (report.verdict === "COMPLETE") this.violated(`${name} is said to be COMPLETE without ${seq}`);
    else if (known.isRecorded(seq) && seq <= known.durableThrough)
      this.violated(`${name} is said to lack nothing durable, and lacks ${seq}`);
  }

  #judgeLosses(known: EpochTruth, report: EpochReport | undefined): void {
    const name = `${known.device} ${known.epoch}`;
    const missing = [...known.seqs()].filter((seq) => this.#isMissing(known, seq));
    // What declares a drop, or an end, may be in any epoch that came later.
    const mayLackDeclarations = this.truth.lacksDeclarations(known.device);
    for (const seq of missing) {
      if (mayLackDeclarations || known.mayBeLost(seq)) continue;
      if (known.isAcknowledged(seq)) this.violated(`${name} ${seq} was acknowledged, and is lost`);
      else if (known.isRecorded(seq) && seq <= known.durableThrough)
        this.violated(`${name} ${seq} was durable, and is lost`);
    }
    const mayBeLost = mayLackDeclarations || known.isDamaged || missing.some(known.mayBeLost);
    if (known.isClosed && !mayBeLost && report?.verdict !== "COMPLETE")
      this.violated(`${name} ended in order, and is ${report?.verdict ?? "not in the stream"}`);
  }
}

const isClaim = ({ verdict, end }: EpochReport): boolean =>
  verdict === "COMPLETE" || (end === "named" && verdict !== "INCOMPLETE");

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
