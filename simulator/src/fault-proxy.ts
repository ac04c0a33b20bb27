import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { Random } from "./listening/random.ts";
import type { Knobs } from "./scenario.ts";

/** What happens to one request. */
type Fault = "none" | "reset" | "lost-answer" | "slow";

/**
 * A real TCP proxy with real faults between one speaker and its relay: resets, answers that are lost after the relay has
 * acted on the request, answers that come late, and times without a network. There is one request under way on a
 * connection, so the first bytes after an answer begin the next request, and a fault is drawn for each.
 */
export class FaultProxy {
  readonly #target: URL;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #knobs: Knobs;
  #online = true;

  private constructor(target: URL, random: Random, clock: Clock, knobs: Knobs) {
    this.#target = target;
    this.#random = random;
    this.#clock = clock;
    this.#knobs = knobs;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port of the loopback. */
  static async start(target: URL, random: Random, clock: Clock, knobs: Knobs): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, random, clock, knobs);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Without a network, connections are reset, old and new. */
  setOnline(online: boolean): void {
    this.#online = online;
    if (!online) for (const socket of this.#sockets) reset(socket);
  }

  /** From now on other faults, or none. */
  setKnobs(knobs: Knobs): void {
    this.#knobs = knobs;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    if (!this.#online) {
      reset(client);
      return;
    }
    const relay = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    for (const socket of [client, relay]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    join(client, relay);
    join(relay, client);
    this.#carry(client, relay);
  }

  #carry(client: Socket, relay: Socket): void {
    let fault: Fault = "none";
    let answered = true;
    let late: Cancel | undefined;
    client.on("data", (bytes) => {
      if (answered) fault = this.#drawFault();
      answered = false;
      if (fault === "reset") reset(client);
      else relay.write(bytes);
    });
    relay.on("data", (bytes) => {
      answered = true;
      if (fault === "lost-answer") reset(client);
      else if (fault === "slow") {
        const delayMs = this.#random.fraction() * this.#knobs.slowMsMax;
        late = this.#clock.after(delayMs, () => client.writable && client.write(bytes));
      } else client.write(bytes);
    });
    client.on("close", () => late?.());
  }

  #drawFault(): Fault {
    const { resetShare, lostAnswerShare, slowShare } = this.#knobs;
    const drawn = this.#random.fraction();
    if (drawn < resetShare) return "reset";
    if (drawn < resetShare + lostAnswerShare) return "lost-answer";
    return drawn < resetShare + lostAnswerShare + slowShare ? "slow" : "none";
  }
}

/** When one side goes, the other goes the same way. */
function join(one: Socket, other: Socket): void {
  one.on("error", () => reset(other));
  one.on("close", () => other.destroy());
}

/**
 * Ends a connection with a TCP reset. One that is already shutting down is closed instead: Node answers a reset of it with
 * EINVAL and never closes its handle, and a process with such a handle spins at its exit for ever.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
