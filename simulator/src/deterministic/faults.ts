import type { Random } from "../listening/random.ts";
import type { Device } from "./device.ts";
import type { DiskState } from "./disk-host.ts";
import type { Kinesis } from "./kinesis.ts";
import type { RelayHost } from "./relay-host.ts";
import type { World } from "./world.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const AUTO_MS_MAX = 24 * HOUR_MS;
/** A disk that is full has room for this much, in bytes. */
const ALMOST_FULL_BYTES = 300;

/** Everything that goes wrong in the fault phase, at moments that chance decides. */
export class Faults {
  readonly #world: World;
  readonly #random: Random;
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.fork("faults");
  }

  /** From now on things go wrong. */
  begin(devices: readonly Device[], relays: readonly RelayHost[], kinesis: Kinesis): void {
    const { knobs } = this.#world;
    const { failedCallShare, lostPutAnswerShare, latePutShare, failedRecordShare } = knobs;
    Object.assign(kinesis.state, { failedCallShare, lateCallShare: latePutShare, failedRecordShare });
    kinesis.state.lostAnswerShare = lostPutAnswerShare;
    if (knobs.auto === "always") kinesis.becomeAuto();
    // Sooner or later: in the first day, if the fault phase lasts that long.
    const autoMs = this.#random.fraction() * AUTO_MS_MAX;
    if (knobs.auto === "later") this.#world.agenda.after(autoMs, () => kinesis.becomeAuto());
    for (const device of devices) this.#ofDevice(device);
    for (const relay of relays) this.#ofRelay(relay);
    this.#every(knobs.reshardsPerHour, () => kinesis.reshard());
    this.#spells("kinesis", "throttled", knobs.throttling, (isOn) => {
      if (isOn) kinesis.throttle(this.#random.fraction());
      else kinesis.state.throttledShare.clear();
    });
    this.#spells("kinesis", "away", knobs.outage, (isOn) => {
      kinesis.state.isAway = isOn;
    });
  }

  /** From now on nothing does. */
  end(devices: readonly Device[], relays: readonly RelayHost[], kinesis: Kinesis): void {
    this.#isOver = true;
    this.#world.trace.say("faults", "over");
    kinesis.heal();
    for (const { disk } of [...devices, ...relays]) disk.heal();
    for (const relay of relays) {
      relay.link.isCut = false;
      relay.refusedEventShare = 0;
    }
    for (const { network } of devices)
      Object.assign(network, { isCut: false, hasProxy: false, isFaulty: false });
  }

  #ofDevice(device: Device): void {
    const { knobs } = this.#world;
    const { name, network } = device;
    this.#every(knobs.burstsPerHour, () => device.burst());
    this.#every(knobs.crashesPerHour, () => device.crash(this.#isPowerCut()));
    this.#every(knobs.closesPerHour, () => void device.restart());
    this.#every(knobs.consentChangesPerHour, () => device.changeConsent());
    this.#every(knobs.clockJumpsPerHour, () => device.jumpClock());
    this.#spells(name, "offline", knobs.partition, (isOn) => {
      network.isCut = isOn;
    });
    this.#spells(name, "behind a proxy", knobs.proxy, (isOn) => {
      network.hasProxy = isOn;
    });
    this.#ofDisk(device);
  }

  #ofRelay(relay: RelayHost): void {
    const { knobs } = this.#world;
    this.#every(knobs.relayCrashesPerHour, () => relay.crash(this.#isPowerCut()));
    this.#every(knobs.relayRestartsPerHour, () => void relay.restart());
    this.#every(knobs.clockJumpsPerHour, () => relay.jumpClock());
    relay.refusedEventShare = knobs.refusedEventShare;
    this.#spells(relay.name, "cut off from Kinesis", knobs.relayCutOff, (isOn) => {
      relay.link.isCut = isOn;
    });
    this.#ofDisk(relay);
  }

  #ofDisk({ name, disk }: Device | RelayHost): void {
    const { knobs, trace } = this.#world;
    const whole: DiskState = { ...disk.state };
    const during = (what: string, weather: typeof knobs.diskFull, change: () => Partial<DiskState>) =>
      this.#spells(name, what, weather, (isOn) => {
        const changed = change();
        for (const key of Object.keys(changed) as (keyof DiskState)[])
          disk.state[key] = isOn ? changed[key]! : whole[key];
      });
    during("full", knobs.diskFull, () => ({ freeBytes: this.#random.integer(0, 1) * ALMOST_FULL_BYTES }));
    during("disk failing", knobs.diskFailing, () => ({ failingShare: this.#random.pick([0.02, 0.3, 1]) }));
    during("short of files", knobs.fileShortage, () => ({ shortageShare: this.#random.pick([0.1, 1]) }));
    this.#every(knobs.bitFlipsPerHour, () => trace.say(name, `bit flip: ${disk.rot() ?? "nothing to flip"}`));
  }

  #isPowerCut(): boolean {
    return this.#random.chance(this.#world.knobs.powerCutShare);
  }

  /** Something that happens again and again, each time by itself. */
  #every(perHour: number, happen: () => void): void {
    if (perHour === 0) return;
    this.#world.agenda.after(this.#random.exponential(HOUR_MS / perHour), () => {
      if (this.#isOver) return;
      happen();
      this.#every(perHour, happen);
    });
  }

  /** Something that comes and goes. */
  #spells(
    who: string,
    what: string,
    { perHour, minutesMax }: { readonly perHour: number; readonly minutesMax: number },
    change: (isOn: boolean) => void,
  ): void {
    const { agenda, trace } = this.#world;
    this.#every(perHour, () => {
      const forMs = this.#random.fraction() * minutesMax * MINUTE_MS;
      trace.say(who, `${what} for ${Math.round(forMs)} ms`);
      change(true);
      agenda.after(forMs, () => {
        if (this.#isOver) return;
        trace.say(who, `not ${what} any more`);
        change(false);
      });
    });
  }
}
