import type { FlushResult, Telemetry } from "@tonearm/sdk";
import { FileLog, NodeDisk } from "@tonearm/sdk/file-log";
import {
  assembleTelemetry,
  type Clock,
  checkOptions,
  HttpTransport,
  MemoryStore,
  makeDirectory,
  sleep,
  type Transport,
} from "@tonearm/sdk/ports";
import { isControl, msgpackCodec } from "@tonearm/sdk/wire";
import { Crashable } from "./crashable.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import type { FleetCounts } from "./fleet-counts.ts";
import type { LedgerPart } from "./ledger.ts";
import type { Happening } from "./listening/happening.ts";
import type { Fate, Period } from "./scenario.ts";

export interface SpeakerParts {
  readonly device: string;
  readonly directory: string;
  readonly proxy: FaultProxy;
  readonly key: string | undefined;
  readonly clock: Clock;
  readonly ledger: LedgerPart;
  readonly counts: FleetCounts;
}

/** Something to record, and when: ms since the recording began. */
export interface Due {
  readonly atMs: number;
  readonly happening: Happening;
}

/** A run is a minute, not a day: everything that waits waits less than by default. */
const HURRIED = { flushIntervalMs: 1_000, backoffBaseMs: 200, backoffMaxMs: 3_000, requestTimeoutMs: 10_000 };

/** One speaker: a real SDK instance on a directory of its own, behind a network of its own. */
export class Speaker {
  readonly #parts: SpeakerParts;
  #process: Crashable | undefined;
  #telemetry: Telemetry | undefined;
  #json = "";

  constructor(parts: SpeakerParts) {
    this.#parts = parts;
    makeDirectory(parts.directory);
  }

  /** Records what is due when it is due, and suffers its fate meanwhile. Resolves when everything is recorded. */
  async record(dues: Iterable<Due>, fate: Fate): Promise<void> {
    const { clock } = this.#parts;
    const beganMs = clock.monotonicMs();
    this.#boot();
    const until = (atMs: number) => sleep(clock, Math.max(0, beganMs + atMs - clock.monotonicMs()));
    const recording = this.#recordAll(dues, until);
    const crashing = this.#crashAt(fate.crashes, until);
    const goingOffline = this.#offlineAt(fate.offline, until);
    await Promise.all([recording, crashing, goingOffline]);
  }

  /** Delivers everything recorded so far, across as many instances as it takes. Resolves to what is left. */
  async drain(deadlineMs: number): Promise<number> {
    const { clock } = this.#parts;
    let left = 0;
    do {
      if (!this.#telemetry) this.#boot();
      const timeoutMs = Math.max(1, deadlineMs - clock.monotonicMs());
      const closed = await this.#close(timeoutMs);
      left = closed.delivered ? 0 : closed.pendingEvents;
    } while (left > 0 && clock.monotonicMs() < deadlineMs);
    return left;
  }

  async #recordAll(dues: Iterable<Due>, until: (atMs: number) => Promise<void>): Promise<void> {
    for (const { atMs, happening } of dues) {
      await until(atMs);
      // While the speaker is down nobody listens: what was due is played when it is back.
      while (!this.#telemetry) await sleep(this.#parts.clock, DOWN_POLL_MS);
      this.#recordOne(this.#telemetry, happening);
    }
  }

  #recordOne(telemetry: Telemetry, happening: Happening): void {
    const { ledger, device, counts } = this.#parts;
    const { type, data } = happening;
    const result = type === "play" ? telemetry.play(data) : telemetry.source(data);
    if (result.status === "recorded") {
      ledger.recorded(device, result.epoch, result.seq, type, this.#json);
      counts.recorded++;
      counts.dataBytes += Buffer.byteLength(this.#json);
    } else counts.refused++;
  }

  async #crashAt(crashes: readonly Period[], until: (atMs: number) => Promise<void>): Promise<void> {
    for (const { fromMs, forMs } of crashes) {
      await until(fromMs);
      await this.#crash();
      await sleep(this.#parts.clock, forMs);
      this.#boot();
    }
  }

  async #offlineAt(periods: readonly Period[], until: (atMs: number) => Promise<void>): Promise<void> {
    for (const { fromMs, forMs } of periods) {
      await until(fromMs);
      this.#parts.proxy.setOnline(false);
      await sleep(this.#parts.clock, forMs);
      this.#parts.proxy.setOnline(true);
    }
  }

  #boot(): void {
    const { device, directory, proxy, key, clock, ledger, counts } = this.#parts;
    const options = checkOptions(
      { endpoint: proxy.url, device, ...HURRIED, ...(key !== undefined && { key }) },
      [],
    );
    const process = new Crashable(counts);
    const telemetry = assembleTelemetry(options, {
      clock: process.clock(clock),
      codec: {
        ...msgpackCodec,
        encodeEvent: (event) => {
          this.#json = event.json;
          return msgpackCodec.encodeEvent(event);
        },
      },
      transport: this.#counted(process.transport(new HttpTransport(options))),
      makeStore: (tell) =>
        new FileLog({
          ...options,
          disk: process.disk(new NodeDisk(directory)),
          clock: process.clock(clock),
          spelling: msgpackCodec.spelling,
          onDamage: (range) => tell.damage(range),
          onQuarantine: (name, reason) => tell.quarantined(name, reason),
        }),
      makeSpare: () => new MemoryStore({ ...options, storeBytesMax: options.bufferBytesMax }),
      release: () => undefined,
    });
    telemetry.on("durable", ({ epoch, throughSeq }) => ledger.durable(device, epoch, throughSeq));
    telemetry.on("accepted", ({ epoch, throughSeq }) => ledger.acknowledged(device, epoch, throughSeq));
    // The SDK knows the proxy only; whoever reads this knows the relay.
    const { origin } = new URL(proxy.url);
    telemetry.on("error", ({ code, message }) =>
      counts.trouble(code, message.replaceAll(origin, proxy.target.origin)),
    );
    this.#process = process;
    this.#telemetry = telemetry;
  }

  /** Addresses the relay behind the proxy, and counts what it accepts. */
  #counted(transport: Transport): Transport {
    const { proxy, counts } = this.#parts;
    const send: Transport["send"] = async (run, signal, { headers, left }) => {
      const sending = { headers: { ...headers, host: proxy.target.host }, left };
      const answer = await transport.send(run, signal, sending);
      if (answer.kind === "accepted") {
        const records = run.events.slice(0, answer.throughSeq - run.firstSeq + 1);
        const events = records.filter((bytes) => !isControl(bytes)).length;
        counts.accept(records.length, events, answer.bodyBytes);
      }
      return answer;
    };
    return { send, close: () => transport.close() };
  }

  async #crash(): Promise<void> {
    const telemetry = this.#telemetry;
    const process = this.#process;
    if (!telemetry || !process) return;
    this.#telemetry = undefined;
    this.#parts.counts.crashes++;
    this.#parts.counts.retries += telemetry.stats().retries;
    await process.crash();
    await process.release();
  }

  async #close(timeoutMs: number): Promise<FlushResult> {
    const telemetry = this.#telemetry!;
    const closed = await telemetry.close({ timeoutMs });
    this.#telemetry = undefined;
    this.#parts.counts.retries += telemetry.stats().retries;
    return closed;
  }
}

const DOWN_POLL_MS = 20;
