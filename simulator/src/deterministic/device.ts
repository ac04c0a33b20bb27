import type { ConsentState, Telemetry } from "@tonearm/sdk";
import { FileLog } from "@tonearm/sdk/file-log";
import {
  assembleTelemetry,
  type CheckedOptions,
  checkOptions,
  discard,
  MemoryStore,
  PackedQueue,
  packer,
} from "@tonearm/sdk/ports";
import { briefMsgpackCodec, type Codec, ndjsonCodec } from "@tonearm/sdk/wire";
import { endlessHappenings } from "../listen.ts";
import type { Happening } from "../listening/happening.ts";
import type { Random } from "../listening/random.ts";
import { DiskHost } from "./disk-host.ts";
import { Machine, type Process } from "./machine.ts";
import type { Network } from "./network.ts";
import { transportOver } from "./wire.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;
const BAD_EVENTS = [{ pad: "x".repeat(70_000) }, { big: 1n }, { device: "another" }];
/** What a store may be over its caps by, because what must stay is stored before something else goes: see ARCHITECTURE. */
const STORE_SLACK = 1.25;

/** A speaker: a machine with a disk and a network, on which an SDK instance lives, dies and comes back. */
export class Device {
  readonly name: string;
  readonly disk: DiskHost;
  readonly network: Network;
  readonly #world: World;
  readonly #options: CheckedOptions;
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #happenings: Iterator<Happening>;
  readonly #player: string;
  #consent: ConsentState = "granted";
  #process: Process | undefined;
  #telemetry: Telemetry | undefined;
  #json = "";
  #type = "";
  #isListening = true;

  constructor(number: number, world: World, network: Network) {
    this.name = `device-${number}`;
    this.network = network;
    this.#world = world;
    this.#random = world.random.fork(this.name);
    this.#machine = new Machine(this.name, world.agenda, this.#random.fork("machine"));
    this.disk = new DiskHost(this.#random.fork("disk"));
    this.disk.state.syncMs = world.knobs.syncMs;
    this.disk.onDamage = () => world.oracle.truth.damageDevice(this.name);
    this.#happenings = endlessHappenings(number, world.random.fork("listening"));
    this.#player = `player-${number}`;
    const { spelling: _, isPacked: __, ...tuning } = world.knobs.sdk;
    const checked = checkOptions(
      { endpoint: "http://relay.test", device: this.name, freeBytesMin: 65_536 },
      [],
    );
    this.#options = { ...checked, ...tuning };
  }

  get isUp(): boolean {
    return this.#telemetry !== undefined;
  }

  /** Whether everything that it recorded has arrived. */
  get isDrained(): boolean {
    const stats = this.#telemetry?.stats();
    return stats?.storedEvents === 0 && stats.waitingEvents === 0;
  }

  /** Begins to listen, and goes on until `silence`. */
  listen(): void {
    const { value } = this.#happenings.next() as IteratorYieldResult<Happening>;
    this.#world.agenda.after(value.gapMs / this.#world.knobs.pace, () => {
      if (!this.#isListening) return;
      this.#record(value.type, value.data as unknown as Record<string, unknown>);
      this.listen();
    });
  }

  silence(): void {
    this.#isListening = false;
  }

  /** Many events at once. */
  burst(): void {
    const { burstEventsMax, badEventShare } = this.#world.knobs;
    for (let left = this.#random.integer(1, burstEventsMax); left > 0; left--) {
      const pad = "x".repeat(this.#random.integer(0, 400));
      const isBad = this.#random.chance(badEventShare);
      this.#record("note", isBad ? this.#random.pick(BAD_EVENTS) : { player_id: this.#player, left, pad });
    }
  }

  boot(): void {
    if (this.#telemetry) return;
    const { world, codec } = { world: this.#world, codec: this.#codec() };
    const { plant, knobs } = world;
    const process = this.#machine.start();
    const clock = plant.clock(process.clock);
    const disk = plant.deviceDisk(this.disk.open(process));
    const options = { ...this.#options, consent: this.#consent };
    const packing = knobs.sdk.isPacked ? packer : undefined;
    const telemetry = assembleTelemetry(options, {
      clock,
      codec,
      queue: knobs.sdk.spelling === "msgpack" ? new PackedQueue(packer) : undefined,
      transport: plant.transport(
        transportOver(this.network, knobs.sdk.spelling, (isControlOnly) => this.#sending(isControlOnly)),
      ),
      makeStore: (tell) =>
        plant.store(
          new FileLog({
            ...options,
            disk,
            clock,
            spelling: codec.spelling,
            packer: packing,
            discard: knobs.sdk.spelling === "msgpack" ? discard : undefined,
            onDamage: (range) => tell.damage(range),
            onQuarantine: (name, reason) => tell.quarantined(name, reason),
          }),
        ),
      makeSpare: () => new MemoryStore({ ...options, storeBytesMax: options.bufferBytesMax }),
      release: () => undefined,
    });
    this.#process = process;
    this.#telemetry = telemetry;
    this.#follow(telemetry);
    // What it is going to write may stand in a file that is damaged before anything is recorded.
    world.oracle.truth.epoch(this.name, telemetry.epoch).isDamaged = this.disk.medium.isDamaged;
    world.trace.say(this.name, `boots ${telemetry.epoch}, consent ${this.#consent}`);
  }

  /** Kills the process, or cuts the power. */
  crash(isPowerCut: boolean): void {
    if (!this.#telemetry) return;
    this.#process!.kill();
    this.#telemetry = undefined;
    if (isPowerCut) this.disk.cutPower();
    this.#world.trace.say(this.name, isPowerCut ? "power cut" : "killed");
    this.#bootLater();
  }

  /** Ends the process in order; resolves when it has ended, or is killed meanwhile. */
  async close(timeoutMs: number): Promise<void> {
    const telemetry = this.#telemetry;
    if (!telemetry) return;
    const process = this.#process!;
    const { durable, delivered, pendingEvents } = await telemetry.close({ timeoutMs });
    if (this.#telemetry !== telemetry) return;
    if (durable) this.#world.oracle.truth.epoch(this.name, telemetry.epoch).isClosed = true;
    const how = `${durable ? "durable" : "not durable"}, ${delivered ? "delivered" : `${pendingEvents} pending`}`;
    this.#world.trace.say(this.name, `closed ${telemetry.epoch}, ${how}`);
    process.kill();
    this.#telemetry = undefined;
  }

  /** Ends the process in order, as for an update, and starts it again. */
  async restart(): Promise<void> {
    await this.close(this.#random.integer(0, 10_000));
    this.#bootLater();
  }

  changeConsent(): void {
    this.setConsent(this.#random.pick(["granted", "granted", "pending", "denied"]));
  }

  setConsent(consent: ConsentState): void {
    this.#consent = consent;
    const telemetry = this.#telemetry;
    if (!telemetry) return;
    this.#world.trace.say(this.name, `consent ${consent}`);
    void this.#settled(telemetry, consent);
  }

  jumpClock(): void {
    this.#world.trace.say(this.name, `wall clock is ${this.#machine.jumpClock()} ms ahead`);
  }

  /** Holds what is kept against what was promised. */
  check(): void {
    if (!this.#telemetry) return;
    const { waitingBytes, storedBytes } = this.#telemetry.stats();
    const { bufferBytesMax, storeBytesMax, segmentBytes } = this.#options;
    const { oracle } = this.#world;
    if (waitingBytes > bufferBytesMax + 65_536)
      oracle.violated(`${this.name} holds ${waitingBytes} bytes in memory`);
    if (storedBytes > storeBytesMax * STORE_SLACK + bufferBytesMax + 2 * segmentBytes)
      oracle.violated(`the store of ${this.name} takes ${storedBytes} bytes`);
  }

  #record(type: string, data: Record<string, unknown>): void {
    const telemetry = this.#telemetry;
    if (!telemetry) return;
    const result = telemetry.record(type, data);
    if (result.status !== "recorded") return;
    const { oracle, trace } = this.#world;
    trace.say(this.name, `${type} ${result.seq}`);
    oracle.recorded(this.name, result.epoch, result.seq, this.#type, this.#json);
    this.check();
  }

  #bootLater(): void {
    const msMax = this.#world.knobs.downMinutesMax * MINUTE_MS;
    this.#world.agenda.after(1 + this.#random.fraction() * msMax, () => this.boot());
  }

  /** The codec in use, which remembers what it spelled last. */
  #codec(): Codec {
    const codec = this.#world.knobs.sdk.spelling === "msgpack" ? briefMsgpackCodec : ndjsonCodec;
    return {
      spelling: codec.spelling,
      encodeEvent: (event) => {
        this.#json = event.json;
        this.#type = event.type;
        return codec.encodeEvent(event);
      },
    };
  }

  #follow(telemetry: Telemetry): void {
    const { oracle, trace } = this.#world;
    telemetry.on("durable", ({ epoch, throughSeq }) => {
      oracle.durable(this.name, epoch, throughSeq);
      this.check();
    });
    telemetry.on("accepted", ({ epoch, throughSeq, durable }) =>
      trace.say(this.name, `${epoch} accepted through ${throughSeq} by the ${durable}`),
    );
    telemetry.on("drop", ({ epoch, fromSeq, toSeq, count, reason }) =>
      trace.say(this.name, `drops ${count} of ${epoch} ${fromSeq}-${toSeq}, ${reason}`),
    );
    telemetry.on("degraded", ({ durable }) => trace.say(this.name, durable ? "stores again" : "degraded"));
    telemetry.on("error", ({ code, message }) => trace.say(this.name, `${code}: ${message}`));
  }

  #sending(isControlOnly: boolean): void {
    if (this.#consent !== "granted" && !(isControlOnly && this.#consent === "denied"))
      this.#world.oracle.violated(`${this.name} sends events, and consent is ${this.#consent}`);
  }

  /** When a denial is complete, no byte of any event is left. What is packed cannot be looked into from here. */
  async #settled(telemetry: Telemetry, consent: ConsentState): Promise<void> {
    const { complete } = await telemetry.setConsent(consent);
    const isStillDenied = consent === "denied" && this.#consent === "denied" && this.#telemetry === telemetry;
    if (!complete || !isStillDenied || this.#world.knobs.sdk.isPacked) return;
    if (this.disk.medium.holds(`"player_id":"${this.#player}"`))
      this.#world.oracle.violated(`${this.name} keeps events on disk after a purge`);
  }
}
