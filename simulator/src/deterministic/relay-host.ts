import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Config, checkConfig } from "@tonearm/relay";
import {
  DeadLetters,
  Entrance,
  listenerOptions,
  loadRules,
  makeServer,
  Operator,
  Pipeline,
  Spool,
} from "@tonearm/relay/testing";
import { FileLog } from "@tonearm/sdk/file-log";
import { BATCHES_PATH } from "@tonearm/sdk/wire";
import type { Random } from "../listening/random.ts";
import { DiskHost } from "./disk-host.ts";
import type { Kinesis } from "./kinesis.ts";
import type { Knobs } from "./knobs.ts";
import { Machine, type Process } from "./machine.ts";
import type { Endpoint, Message, Reply } from "./network.ts";
import type { Plant } from "./plants.ts";
import type { World } from "./world.ts";

interface Running {
  readonly process: Process;
  readonly pipeline: Pipeline;
  readonly server: Server;
  /** Ends the connections that are open. */
  readonly breaks: Set<() => void>;
}

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const MINUTE_MS = 60_000;
/** A supervisor tries again after so long at most. */
const RETRY_MS_MAX = 300_000;
/** Space that a spool leaves to others. */
const FREE_BYTES = 65_536;
/** A spool may be over its cap by what is being written, and by what says what is acknowledged. */
const SPOOL_SLACK_BYTES = 65_536;

/** A machine with a relay on it, and with the disk of its spool. */
export class RelayHost implements Endpoint {
  /** Starts while Kinesis was away, on the spool alone. */
  blindStarts = 0;
  /** Between it and Kinesis. */
  readonly link = { isCut: false };
  /** Share of events that it does not take, the same ones whenever they come. */
  refusedEventShare = 0;
  readonly disk: DiskHost;
  readonly #letters: DiskHost;
  readonly name: string;
  readonly #world: World;
  readonly #kinesis: Kinesis;
  readonly #knobs: Knobs;
  readonly #config: Config;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #plant: Plant;
  #running: Running | undefined;
  #stopping = false;
  #starts = 0;

  constructor(name: string, world: World, kinesis: Kinesis) {
    this.name = name;
    this.#world = world;
    this.#kinesis = kinesis;
    this.#knobs = world.knobs;
    this.#plant = world.plant;
    this.#random = world.random.fork(name);
    this.#machine = new Machine(name, world.agenda, this.#random.fork("machine"));
    this.disk = new DiskHost(this.#random.fork("disk"));
    this.disk.onDamage = ({ bytes }) => world.oracle.truth.damageSpooled(bytes);
    this.#letters = new DiskHost(this.#random.fork("letters"));
    const { spoolSegmentBytes: _, ...options } = this.#knobs.relay;
    // The least that a spool may hold is more than a run should need to fill it.
    this.#config = { ...checkConfig({ insecure: true }), ...options };
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** Whether nothing waits in it. */
  get isDrained(): boolean {
    return this.#running?.pipeline.spooled.batches === 0 && this.#running.pipeline.book.inFlight === 0;
  }

  /** Starts the relay; until that works, a supervisor tries again. */
  boot(): void {
    const process = this.#machine.start();
    const name = `${this.name}.${++this.#starts}`;
    const spool = this.#knobs.hasSpool ? this.#spool(process) : undefined;
    const { clock } = process;
    const parts = {
      clock,
      log: SILENT,
      spool,
      put: this.#plant.put(this.#kinesis.putFor(process, this.link, name)),
      loadShape: this.#plant.loadShape(this.#kinesis.shapeFor(process, this.link)),
    };
    const pipeline = new Pipeline(this.#config, parts);
    const entrance = new Entrance(loadRules(this.#config), clock);
    const common = { pipeline, entrance, clock, log: SILENT, isStopping: () => this.#stopping };
    const operator = new Operator({ ...common, config: this.#config });
    const server = makeServer({
      ...common,
      operator,
      showsPages: false,
      listener: listenerOptions(this.#config, undefined),
      corsOrigins: () => [],
    });
    void this.#start({ process, pipeline, server, breaks: new Set() });
  }

  /** Kills the relay, or cuts the machine's power; after a while another one starts on what is left of its spool. */
  crash(isPowerCut: boolean): void {
    if (!this.#running) return;
    this.#end();
    if (isPowerCut) for (const disk of [this.disk, this.#letters]) disk.cutPower();
    this.#world.trace.say(this.name, isPowerCut ? "power cut" : "killed");
    this.#bootLater(this.#knobs.downMinutesMax * MINUTE_MS);
  }

  /** Ends the relay in order, as for an update, and starts it again. */
  async restart(): Promise<void> {
    const running = this.#running;
    if (!running || this.#stopping) return;
    this.#stopping = true;
    this.#world.trace.say(this.name, "stopping");
    const left = await running.pipeline.stop(this.#config.shutdownMs);
    if (this.#running !== running) return;
    this.#world.trace.say(this.name, `stopped, ${left} events left`);
    this.#end();
    this.#bootLater(RETRY_MS_MAX);
  }

  jumpClock(): void {
    this.#world.trace.say(this.name, `wall clock is ${this.#machine.jumpClock()} ms ahead`);
  }

  /** A request, by the relay's own HTTP front. */
  async handle(message: Message): Promise<Reply | undefined> {
    const running = this.#running!;
    const refusal = this.#refusalOf(message);
    if (refusal) {
      this.#world.trace.say(this.name, `answers ${refusal.status} ${refusal.body}`);
      return refusal;
    }
    const reply = await new Promise<Reply | undefined>((resolve) => {
      const breakOff = () => resolve(undefined);
      running.breaks.add(breakOff);
      const response = new Answering((answered) => {
        running.breaks.delete(breakOff);
        resolve(answered);
      });
      running.server.emit("request", requestOf(message), response as unknown as ServerResponse);
    });
    this.#world.trace.say(this.name, reply ? `answers ${reply.status} ${reply.body}` : "breaks off");
    if (reply?.status === 200) {
      const { acked_through: throughSeq } = JSON.parse(reply.body) as { acked_through: number };
      this.#world.oracle.acknowledged(
        message.asked,
        throughSeq,
        this.#knobs.hasSpool ? this.disk : undefined,
      );
    }
    return reply;
  }

  /** Holds the book and what is held in memory and on disk against what was promised. */
  check(): void {
    if (!this.#running) return;
    const { book, admission, spooled } = this.#running.pipeline;
    const { oracle } = this.#world;
    if (book.imbalance !== 0) oracle.violated(`the book of ${this.name} is off by ${book.imbalance}`);
    if (book.inFlight < 0 || book.spooled < 0)
      oracle.violated(`the book of ${this.name} has ${book.inFlight} in flight and ${book.spooled} spooled`);
    if (admission.bytesInFlight > this.#config.bytesInFlightMax)
      oracle.violated(`${this.name} holds ${admission.bytesInFlight} bytes`);
    if (spooled.bytes > this.#config.spoolBytesMax + SPOOL_SLACK_BYTES)
      oracle.violated(`the spool of ${this.name} takes ${spooled.bytes} bytes`);
  }

  async #start(running: Running): Promise<void> {
    try {
      await running.pipeline.start();
      const isReached = running.pipeline.shardMap.shape !== undefined;
      if (!isReached) this.blindStarts++;
      this.#world.trace.say(this.name, isReached ? "up" : "up, and has not reached the stream");
      this.#stopping = false;
      this.#running = running;
    } catch (error) {
      this.#world.trace.say(this.name, `cannot start: ${String(error)}`);
      running.process.kill();
      this.#bootLater(RETRY_MS_MAX);
    }
  }

  /** As of a relay that other rules apply to: it names what no other answer to the same batch would take. */
  #refusalOf({ asked: { device, epoch, seqs } }: Message): Reply | undefined {
    const { isRecorded } = this.#world.oracle.truth.epoch(device, epoch);
    const isRefused = (seq: number) =>
      isRecorded(seq) && crc32(`${epoch} ${seq}`) / 2 ** 32 < this.refusedEventShare;
    const refused = this.refusedEventShare > 0 ? seqs.find(isRefused) : undefined;
    if (refused === undefined) return undefined;
    const [status, code] = refused % 2 === 0 ? [400, "invalid_event"] : [413, "batch_too_large"];
    return { status, retryAfter: undefined, body: JSON.stringify({ code, message: `event ${refused}` }) };
  }

  #end(): void {
    const { process, breaks } = this.#running!;
    this.#running = undefined;
    process.kill();
    for (const breakOff of breaks) breakOff();
  }

  #bootLater(msMax: number): void {
    this.#world.agenda.after(this.#random.fraction() * msMax, () => this.boot());
  }

  #spool(process: Process): Spool {
    const { clock } = process;
    const logOn = (disk: DiskHost) => () => this.#log(process, disk);
    const parts = {
      log: this.#log(process, this.disk),
      clock,
      deadLetters: new DeadLetters(this.#letters.open(process), clock, logOn(this.#letters)),
      isShort: async () => this.disk.state.freeBytes < FREE_BYTES,
    };
    return new Spool(parts, this.#config);
  }

  #log(process: Process, disk: DiskHost): FileLog {
    return new FileLog({
      disk: this.#plant.spoolDisk(disk.open(process)),
      clock: process.clock,
      spelling: 2,
      segmentBytes: this.#knobs.relay.spoolSegmentBytes,
      storeBytesMax: this.#config.spoolBytesMax,
      storeEventsMax: Number.POSITIVE_INFINITY,
      freeBytesMin: FREE_BYTES,
      onDamage: ({ fromSeq, toSeq }) => this.#world.trace.say(this.name, `damage ${fromSeq}-${toSeq}`),
      onQuarantine: (name, reason) => this.#world.trace.say(this.name, `cannot use ${name}: ${reason}`),
    });
  }
}

/** A request as Node's server hands it over, without a socket below it. */
function requestOf({ media, body }: Message): IncomingMessage {
  const stream = Readable.from([Buffer.from(body)]);
  return Object.assign(stream, {
    method: "POST",
    url: BATCHES_PATH,
    headers: { "content-type": media, "content-length": String(body.length) },
    complete: true,
    socket: { remoteAddress: "192.0.2.1" },
  }) as unknown as IncomingMessage;
}

/** A response that goes nowhere but to `done`. */
class Answering extends EventEmitter {
  headersSent = false;
  statusCode = 200;
  readonly #headers = new Map<string, string>();
  readonly #done: (reply: Reply | undefined) => void;

  constructor(done: (reply: Reply | undefined) => void) {
    super();
    this.#done = done;
  }

  setHeader(name: string, value: number | string): this {
    this.#headers.set(name.toLowerCase(), String(value));
    return this;
  }

  writeHead(status: number): this {
    this.headersSent = true;
    this.statusCode = status;
    return this;
  }

  end(body = ""): this {
    this.#done({ status: this.statusCode, retryAfter: this.#headers.get("retry-after"), body });
    return this;
  }

  destroy(): this {
    this.#done(undefined);
    return this;
  }
}
