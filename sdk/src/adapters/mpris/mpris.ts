/** Plays of any player that speaks MPRIS on D-Bus. The bus is the application's: `sessionBus()` of `dbus-next`. */

import { fullJitterMs } from "../../backoff.ts";
import { type Cancel, sleep } from "../../clock.ts";
import { messageOf } from "../../errors.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, Sighting } from "../sighting.ts";
import { MprisReader, type Properties } from "./reader.ts";

/** What is used of a `MessageBus` of `dbus-next`. */
export interface MessageBus {
  getProxyObject(name: string, path: string): Promise<{ getInterface(name: string): unknown }>;
}

export interface MprisOptions extends AdapterOptions {
  readonly bus: MessageBus;
  /** The player's name on the bus, with or without `org.mpris.MediaPlayer2.`, such as `mpv`. It need not be there yet. */
  readonly name: string;
}

/** A proxy of `dbus-next`, as far as it is used: methods come from introspection. */
interface Proxy {
  on(signal: string, listener: (...args: never[]) => void): void;
  removeAllListeners(signal: string): void;
}
interface PropertiesProxy extends Proxy {
  GetAll(name: string): Promise<Readonly<Record<string, Variant>>>;
}
interface BusProxy extends Proxy {
  NameHasOwner(name: string): Promise<boolean>;
}
interface Variant {
  readonly value: unknown;
}

const PREFIX = "org.mpris.MediaPlayer2.";
const PATH = "/org/mpris/MediaPlayer2";
const PLAYER = "org.mpris.MediaPlayer2.Player";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const BUS = "org.freedesktop.DBus";

/** Nobody signals the next round of a loop: so much behind the end it is looked where the player is. */
const ROUND_LOOK_MS = 250;
const BACKOFF = { backoffBaseMs: 100, backoffMaxMs: 10_000 };
const QUIET_ATTEMPTS = 5;
/** When a player that is presumed to play must have moved. */
const PRESUMED_LOOK_MS = 400;

/**
 * Records the plays of a player from now on, whenever it is on the bus. A name that vanishes is a lost player.
 * @throws TonearmError `invalid_option`.
 */
export function followMpris(options: MprisOptions): Adapter {
  const follower = new MprisFollower(options);
  void follower.run();
  return follower;
}

class MprisFollower implements Adapter {
  readonly #bus: MessageBus;
  readonly #name: string;
  readonly #service: string;
  readonly #tracker: PlayTracker;
  #reader: MprisReader;
  #proxies: readonly Proxy[] = [];
  #properties: PropertiesProxy | undefined;
  #names: BusProxy | undefined;
  #cancelLook: Cancel | undefined;
  /** Counts the player's lives, so that what belongs to an earlier one is left alone. */
  #attachment = 0;
  /** Whether a player that is presumed to play has not been looked at yet. */
  #isAwaited = false;
  #isOver = false;

  constructor(options: MprisOptions) {
    const { bus, name } = options;
    this.#bus = bus;
    this.#name = name.startsWith(PREFIX) ? name : PREFIX + name;
    // Players that may run more than once add a number of their own.
    this.#service = this.#name.slice(PREFIX.length).replace(/\.instance\w+$/, "");
    this.#tracker = new PlayTracker(options);
    this.#reader = new MprisReader(this.#service);
  }

  async run(): Promise<void> {
    try {
      const names = await this.#interface<BusProxy>(BUS, "/org/freedesktop/DBus", BUS);
      if (this.#isOver) return;
      this.#names = names;
      let isHeard = false;
      names.on("NameOwnerChanged", (name: string, _old: string, owner: string) => {
        if (name !== this.#name) return;
        isHeard = true;
        void this.#attach(owner !== "");
      });
      const isThere = await names.NameHasOwner(this.#name);
      // What was signalled meanwhile is as new, or newer.
      if (!isHeard) await this.#attach(isThere);
    } catch (error) {
      this.#tracker.trouble(`the bus cannot be used (${messageOf(error)})`);
    }
  }

  because(because: Because): void {
    this.#tracker.because(because);
  }

  close(): void {
    this.#isOver = true;
    this.#names?.removeAllListeners("NameOwnerChanged");
    this.#detach();
    this.#tracker.close();
  }

  #detach(): void {
    this.#attachment++;
    this.#cancelLook?.();
    this.#properties = undefined;
    this.#release();
  }

  #release(): void {
    for (const proxy of this.#proxies) {
      proxy.removeAllListeners("PropertiesChanged");
      proxy.removeAllListeners("Seeked");
    }
    this.#proxies = [];
  }

  async #attach(isThere: boolean): Promise<void> {
    this.#detach();
    this.#tracker.lost();
    if (!isThere || this.#isOver) return;
    const attachment = ++this.#attachment;
    for (let attempt = 1; attachment === this.#attachment && !this.#isOver; attempt++) {
      try {
        await this.#follow();
        return;
      } catch (error) {
        if (attachment !== this.#attachment) return;
        this.#release();
        // A player takes its name before it can be asked.
        if (attempt === QUIET_ATTEMPTS) {
          this.#tracker.trouble(
            `player ${this.#service} cannot be followed (${messageOf(error)}); trying again`,
          );
        }
        await sleep(this.#tracker.clock, fullJitterMs(this.#tracker.clock, attempt, BACKOFF));
      }
    }
  }

  async #follow(): Promise<void> {
    const attachment = this.#attachment;
    const properties = await this.#interface<PropertiesProxy>(this.#name, PATH, PROPERTIES);
    const player = await this.#interface<Proxy>(this.#name, PATH, PLAYER);
    const isStale = () => this.#isOver || attachment !== this.#attachment;
    if (isStale()) return;
    this.#proxies = [properties, player];
    // Nothing is missed between its answer and its first signal: what it signals before is asked for again.
    let isKnown = false;
    let signals = 0;
    const hear = (see: () => void) => {
      signals++;
      if (isKnown) see();
    };
    properties.on("PropertiesChanged", (name: string, changed: Readonly<Record<string, Variant>>) => {
      if (name === PLAYER) hear(() => this.#change(plain(changed)));
    });
    player.on("Seeked", (positionUs: bigint) => hear(() => this.#see(this.#reader.seek(Number(positionUs)))));
    let all: Properties;
    let before: number;
    do {
      before = signals;
      all = plain(await properties.GetAll(PLAYER));
      if (isStale()) return;
    } while (signals !== before);
    isKnown = true;
    this.#properties = properties;
    this.#reader = new MprisReader(this.#service);
    this.#see(this.#reader.set(all));
  }

  #change(changed: Properties): void {
    const was = this.#reader.isPresumed;
    const seen = this.#reader.change(changed);
    if (!this.#reader.isPresumed) this.#isAwaited = false;
    else if (!was) this.#isAwaited = true;
    // Heard as soon as its time is seen to pass.
    this.#see(this.#isAwaited ? { ...seen, state: "buffering" } : seen);
    if (this.#isAwaited && !was) this.#lookIn(PRESUMED_LOOK_MS, PRESUMED_LOOK_MS, seen);
  }

  /** Asks the player for everything. False when it does not answer. */
  async #look(soundedMs = 0): Promise<boolean> {
    const properties = this.#properties;
    try {
      const all = await properties?.GetAll(PLAYER);
      if (!all || properties !== this.#properties) return false;
      this.#isAwaited = false;
      const seen = this.#reader.set(plain(all));
      const { positionMs = soundedMs > 0 ? soundedMs : undefined } = seen;
      this.#see({ ...seen, positionMs, soundedMs });
      return true;
    } catch {
      return false;
    }
  }

  /** @param otherwise what is to be seen if the player does not answer. */
  #lookIn(delayMs: number, soundedMs = 0, otherwise?: Sighting): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#tracker.clock.after(delayMs, () => void this.#lookNow(soundedMs, otherwise));
  }

  async #lookNow(soundedMs: number, otherwise: Sighting | undefined): Promise<void> {
    const answered = await this.#look(soundedMs);
    this.#isAwaited = false;
    if (!answered && otherwise) this.#see({ ...otherwise, soundedMs });
  }

  #see(seen: Sighting): void {
    this.#tracker.see(seen);
    if (this.#isAwaited) return;
    this.#cancelLook?.();
    const remainingMs = this.#tracker.current?.remainingMs;
    if (seen.state !== "playing" || seen.repeat !== "one" || remainingMs === undefined || remainingMs < 0)
      return;
    this.#lookIn(remainingMs + ROUND_LOOK_MS);
  }

  async #interface<T>(name: string, path: string, of: string): Promise<T> {
    const object = await this.#bus.getProxyObject(name, path);
    return object.getInterface(of) as T;
  }
}

/** The values inside the variants. */
function plain(variants: Readonly<Record<string, Variant>>): Properties {
  const entries = Object.entries(variants).map(([name, { value }]) => [
    name,
    name === "Metadata" ? plain(value as Readonly<Record<string, Variant>>) : value,
  ]);
  return Object.fromEntries(entries) as Properties;
}
