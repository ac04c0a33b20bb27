import type { Random } from "../listening/random.ts";
import type { Agenda } from "./agenda.ts";
import type { Knobs } from "./knobs.ts";
import type { Asked } from "./oracle.ts";
import type { Trace } from "./trace.ts";

/** A request on the wire. What it asks for is known beside its bytes, for those who judge. */
export interface Message {
  readonly asked: Asked;
  readonly media: string;
  readonly body: Uint8Array;
}

/** An answer on the wire. */
export interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** A relay as the network sees it. */
export interface Endpoint {
  readonly isUp: boolean;
  /** Undefined when the connection breaks before the answer. */
  handle(message: Message): Promise<Reply | undefined>;
}

/** Answers of things in between: a gateway without a backend, a portal, one that wants another key, one with a small limit. */
const PROXY_REPLIES: readonly Reply[] = [
  { status: 502, retryAfter: undefined, body: "<html>bad gateway</html>" },
  { status: 200, retryAfter: undefined, body: "<html>please log in</html>" },
  { status: 200, retryAfter: undefined, body: '{"acked_through":0}' },
  { status: 302, retryAfter: undefined, body: "" },
  { status: 401, retryAfter: undefined, body: '{"code":"unauthorized","message":"no"}' },
  { status: 413, retryAfter: undefined, body: "too large" },
  { status: 400, retryAfter: undefined, body: "<html>bad request</html>" },
  { status: 429, retryAfter: "30", body: "" },
  { status: 503, retryAfter: "Wed, 21 Oct 2015 07:28:00 GMT", body: "" },
];

/** What lies between a device and its relays. */
export class Network {
  /** The device is offline. */
  isCut = false;
  /** Something in between answers. */
  hasProxy = false;
  /** Whether messages are lost, doubled and late. */
  isFaulty = true;
  readonly #agenda: Agenda;
  readonly #knobs: Knobs;
  readonly #relays: readonly Endpoint[];
  readonly #random: Random;
  readonly #trace: Trace;
  /** Devices stay with a relay until it fails them. */
  #relay: number;

  constructor(
    parts: { readonly agenda: Agenda; readonly trace: Trace; readonly relays: readonly Endpoint[] },
    knobs: Knobs,
    random: Random,
  ) {
    this.#agenda = parts.agenda;
    this.#trace = parts.trace;
    this.#relays = parts.relays;
    this.#knobs = knobs;
    this.#random = random;
    this.#relay = random.integer(0, parts.relays.length - 1);
  }

  /** Carries a request there and its answer back; calls `back` with undefined when the connection breaks, or never. */
  send(message: Message, back: (reply: Reply | undefined) => void): void {
    const random = this.#random;
    const { lostRequestShare, lostAnswerShare, duplicateShare, lateMinutesMax } = this.#knobs;
    if (this.isCut || this.#chance(lostRequestShare)) {
      // Half of what is lost is reset; the other half is never heard of again.
      if (random.chance(0.5)) this.#later(() => this.#broken(back));
      return;
    }
    if (this.hasProxy) {
      const reply = random.pick(PROXY_REPLIES);
      this.#later(() => back(reply));
      return;
    }
    if (this.#chance(duplicateShare)) {
      const lateMs = random.fraction() * lateMinutesMax * 60_000;
      this.#agenda.after(lateMs, () => void this.#deliver(message, () => undefined));
    }
    const isLost = this.#chance(lostAnswerShare);
    const answer = (reply: Reply | undefined) => {
      if (!isLost) this.#later(() => (reply && !this.isCut ? back(reply) : this.#broken(back)));
      else if (random.chance(0.5)) this.#later(() => this.#broken(back));
    };
    this.#later(() => void this.#deliver(message, answer));
  }

  async #deliver(message: Message, done: (reply: Reply | undefined) => void): Promise<void> {
    const relay = this.#relays[this.#relay]!;
    const { device, epoch, seqs } = message.asked;
    this.#trace.say(device, `${epoch} ${seqs[0]}-${seqs.at(-1)} to relay ${this.#relay}`);
    done(relay.isUp ? await relay.handle(message) : undefined);
  }

  #broken(back: (reply: undefined) => void): void {
    if (this.#random.chance(0.5)) this.#relay = (this.#relay + 1) % this.#relays.length;
    back(undefined);
  }

  #later(run: () => void): void {
    this.#agenda.after(this.#random.exponential(this.#knobs.latencyMs), run);
  }

  #chance(share: number): boolean {
    return this.isFaulty && this.#random.chance(share);
  }
}
