import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Cancel, Clock } from "@tonearm/sdk/ports";
import type { Random } from "./listening/random.ts";
import type { Knobs } from "./scenario.ts";

/** What happens to one request. */
type Fault = "none" | "reset" | "lost-answer" | "slow";

/**
 * A real TCP proxy with real faults between one speaker and its relay: resets, answers that are lost after the relay has
 * acted on the request, answers that come late, and times without a network. There is one request under way on a
 * connection, so the first bytes after an answer begin the next request, and a fault is drawn for each.
 *
 * The speaker's side is plain HTTP on the loopback; to an https relay the proxy goes on with TLS, and checks its certificate.
 */
export class FaultProxy {
  readonly #target: URL;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #onUnreachable: (message: string) => void;
  #knobs: Knobs;
  #online = true;

  private constructor(
    target: URL,
    random: Random,
    clock: Clock,
    knobs: Knobs,
    onUnreachable: (message: string) => void,
  ) {
    this.#target = target;
    this.#random = random;
    this.#clock = clock;
    this.#knobs = knobs;
    this.#onUnreachable = onUnreachable;
    this.#server = createServer((client) => this.#accept(client));
  }

  /**
   * Listens on a free port of the loopback.
   * @param target an http or https URL; its path is kept in `url`.
   * @param onUnreachable is told, in words, of every connection that the target did not take: a fault that is not ours.
   */
  static async start(
    target: URL,
    random: Random,
    clock: Clock,
    knobs: Knobs,
    onUnreachable: (message: string) => void = () => undefined,
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, random, clock, knobs, onUnreachable);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Without a slash at its end. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#target.pathname.replace(/\/$/, "")}`;
  }

  /** What `url` stands for. */
  get target(): URL {
    return this.#target;
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
    const relay = connectTo(this.#target);
    const refused = ({ message, code }: NodeJS.ErrnoException) =>
      this.#onUnreachable(`${this.#target.origin} takes no connection: ${firstLine(message) || code}`);
    relay.once("error", refused);
    relay.once(relay instanceof TLSSocket ? "secureConnect" : "connect", () => relay.off("error", refused));
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

const firstLine = (message: string): string => message.split("\n")[0]!;

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Where a URL's server listens, as sockets want it: an IPv6 address without its brackets, the scheme's port when there is none. */
export function placeOf({ protocol, hostname, port }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || DEFAULT_PORTS[protocol]! };
}

function connectTo(target: URL): Socket {
  const place = placeOf(target);
  if (target.protocol !== "https:") return connect(place);
  const name = isIP(place.host) === 0 && { servername: place.host };
  return connectTls({ ...place, ...name, ALPNProtocols: ["http/1.1"] });
}

/** When one side goes, the other goes the same way. */
function join(one: Socket, other: Socket): void {
  one.on("error", () => reset(other));
  one.on("close", () => other.destroy());
}

/**
 * Ends a connection with a TCP reset. One that is already shutting down is closed instead: Node answers a reset of it with
 * EINVAL and never closes its handle, and a process with such a handle spins at its exit for ever. So is one with TLS, whose
 * handle is not TCP's own.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
