/** Plays of any player that speaks MPRIS on D-Bus. The bus is the application's: `sessionBus()` of `dbus-next`. */

import { fullJitterMs } from "../../backoff.ts";
import { type Cancel, inTime, sleep } from "../../clock.ts";
import { messageOf } from "../../errors.ts";
import { type Adapter, type AdapterOptions, PlayTracker } from "../play-tracker.ts";
import type { Because, Sighting } from "../sighting.ts";
import {
  type BusObject,
  type BusProxy,
  type MessageBus,
  type PropertiesProxy,
  plain,
  type Variants,
} from "./bus.ts";
import { MprisReader, type Properties } from "./reader.ts";

export interface MprisOptions extends AdapterOptions {
  readonly bus: MessageBus;
  /** The player's name on the bus, with or without `org.mpris.MediaPlayer2.`, such as `mpv`. It need not be there yet. */
  readonly name: string;
}

/** Why the player is asked for everything. */
type Look = "presumed" | "between" | "round" | "alive" | "changed";

const PREFIX = "org.mpris.MediaPlayer2.";
const PATH = "/org/mpris/MediaPlayer2";
const PLAYER = "org.mpris.MediaPlayer2.Player";
const PROPERTIES = "org.freedesktop.DBus.Properties";
const BUS = "org.freedesktop.DBus";

/** Nobody signals the next round of a loop: so much behind the end it is looked where the player is. */
const ROUND_LOOK_MS = 250;
const BACKOFF = { backoffBaseMs: 100, backoffMaxMs: 10_000 };
const QUIET_ATTEMPTS = 5;
/** A player that is presumed to play is looked at so often, and so many times at most, for it to have moved. */
const PRESUMED_LOOK_MS = 400;
const PRESUMED_LOOKS_MAX = 5;
/** So long a player may be between two tracks. */
const BETWEEN_LOOK_MS = 1_000;
/** A player that plays is asked so often whether it is still there, and has so long to answer. */
const STILL_THERE_MS = 60_000;
const ANSWER_MS = 10_000;

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
  #proxies: readonly BusObject[] = [];
  #properties: PropertiesProxy | undefined;
  #names: BusProxy | undefined;
  #cancelLook: Cancel | undefined;
  /** Counts the player's lives, so that what belongs to an earlier one is left alone. */
  #attachment = 0;
  /** Whether a player that is presumed to play has not been seen to move yet, and how often it was looked at. */
  #isAwaited = false;
  #presumedLooks = 0;
  /** Whether an answer is on its way, and whether the player has changed since it was asked for. */
  #isAsking = false;
  #isAskedAgain = false;
  /** Counts the questions: of one that is answered too late, when another was asked, the answer is left alone. */
  #question = 0;
  #last: Sighting | undefined;
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
    this.#isAsking = false;
    this.#isAskedAgain = false;
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
    const player = await this.#interface<BusObject>(this.#name, PATH, PLAYER);
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
    properties.on("PropertiesChanged", (name: string, changed: Variants, invalidated: readonly string[]) => {
      if (name !== PLAYER) return;
      hear(() => this.#change(plain(changed)));
      // It has changed, and does not say to what.
      if (invalidated.length > 0) void this.#look("changed");
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
    const { isPresumed } = this.#reader;
    if (!isPresumed) this.#isAwaited = false;
    else if (!was) this.#isAwaited = true;
    // Heard as soon as its time is seen to pass.
    this.#see(this.#isAwaited ? { ...seen, state: "buffering" } : seen);
    if (isPresumed && !was) void this.#presume();
  }

  /** Where is it now, and where in a moment? */
  async #presume(): Promise<void> {
    const properties = this.#properties;
    this.#presumedLooks = 1;
    this.#lookIn(PRESUMED_LOOK_MS, "presumed");
    try {
      const all = await properties?.GetAll(PLAYER);
      if (all && properties === this.#properties) this.#reader.presume(plain(all));
    } catch {
      // It is believed only if it says where it is.
    }
  }

  #lookIn(delayMs: number, why: Look): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#tracker.clock.after(delayMs, () => void this.#look(why));
  }

  /** Asks the player for everything. One that does not answer in time is lost, until it does. */
  async #look(why: Look): Promise<void> {
    const properties = this.#properties;
    if (!properties) return;
    if (this.#isAsking) {
      this.#isAskedAgain = true;
      return;
    }
    this.#isAsking = true;
    this.#isAskedAgain = false;
    const question = ++this.#question;
    const isStale = () => this.#isOver || properties !== this.#properties || question !== this.#question;
    try {
      const asked = properties.GetAll(PLAYER);
      let all = await inTime(this.#tracker.clock, asked, ANSWER_MS);
      const isLate = all === undefined && !isStale();
      if (isLate) {
        this.#isAsking = false;
        this.#tracker.lost(ANSWER_MS);
        this.#tracker.trouble(`player ${this.#service} does not answer; waiting for it`);
      }
      all ??= await asked;
      if (!isStale()) this.#take(isLate ? "changed" : why, plain(all));
    } catch {
      // A player that refuses is there, and has nothing to say.
      if (!isStale()) {
        this.#isAwaited = false;
        this.#lookLater();
      }
    }
    if (isStale()) return;
    this.#isAsking = false;
    if (this.#isAskedAgain) void this.#look("changed");
  }

  #take(why: Look, all: Properties): void {
    // A busy machine may take longer to put a track on.
    if (why === "presumed" && this.#reader.hasNotMoved(all) && this.#presumedLooks++ < PRESUMED_LOOKS_MAX) {
      this.#lookIn(PRESUMED_LOOK_MS, why);
      return;
    }
    const seen = this.#reader.set(all);
    this.#isAwaited = false;
    const soundedMs = why === "presumed" && this.#reader.isPresumed ? PRESUMED_LOOK_MS : 0;
    // Of a player that always says 0, nobody knows where it is; one that is only asked whether it is there need not say it.
    const isVague = why === "alive" || (why === "round" && seen.positionMs === 0);
    this.#see({ ...seen, soundedMs, positionMs: isVague ? undefined : seen.positionMs });
  }

  #see(seen: Sighting): void {
    this.#last = seen;
    this.#tracker.see(seen);
    if (!this.#isAwaited) this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook?.();
    const { state, mayRepeat } = this.#last ?? {};
    const { remainingMs = -1 } = this.#tracker.current ?? {};
    const endMs = remainingMs + ROUND_LOOK_MS;
    if (this.#reader.isBetween) this.#lookIn(BETWEEN_LOOK_MS, "between");
    else if (state === "playing" && remainingMs >= 0 && endMs <= STILL_THERE_MS) {
      this.#lookIn(endMs, mayRepeat ? "round" : "alive");
    } else if (state === "playing") this.#lookIn(STILL_THERE_MS, "alive");
  }

  async #interface<T>(name: string, path: string, of: string): Promise<T> {
    const object = await this.#bus.getProxyObject(name, path);
    return object.getInterface(of) as T;
  }
}
