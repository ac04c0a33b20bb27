import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { systemClock } from "@tonearm/sdk/ports";

/** How late a late answer is. */
const LATE_MS = 150;
const FORGED_BODY = JSON.stringify({
  acked_through: Number.MAX_SAFE_INTEGER,
  durable: "stream",
  server_time: 0,
});
const FORGED = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${FORGED_BODY.length}\r\nconnection: close\r\n\r\n${FORGED_BODY}`;

/** What happens to the next connection that carries something. */
export interface Cut {
  readonly side: "request" | "answer";
  /** After so many bytes of it. */
  readonly atByte: number;
  /**
   * `reset`: both ends are told at once. `close`: as if the other had ended. `silence`: nothing more ever comes. And nothing is
   * cut, but what comes is what nobody waits for: `twice`: it comes a second time at once; `again`: when the next request of the
   * connection is under way, as if it were its answer; `late`: after 150 ms. For controls, `forged`: of a request, the proxy
   * itself answers that all of it was accepted, and nobody else gets it.
   */
  readonly how: "reset" | "close" | "silence" | "twice" | "again" | "late" | "forged";
}

/** A TCP proxy on loopback that cuts one exchange short, and leaves the ones after it alone. */
export class CuttingProxy {
  /** Where connections lead that come from now on. */
  targetPort: number;
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets = new Set<Socket>();
  #cut: Cut | undefined;
  #requestBytes = 0;
  #answerBytes = 0;
  /** What has come already, and comes again to this one when it asks the next time. */
  #again: { readonly to: Socket; readonly chunk: Buffer } | undefined;

  constructor(targetPort: number) {
    this.targetPort = targetPort;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Counts anew, and cuts when it is time. */
  arm(cut?: Cut): void {
    this.#cut = cut;
    this.#requestBytes = 0;
    this.#answerBytes = 0;
  }

  /** Whether what was armed has not happened yet. */
  get armed(): boolean {
    return this.#cut !== undefined;
  }

  /** Bytes since `arm`. */
  get bytes(): { readonly request: number; readonly answer: number } {
    return { request: this.#requestBytes, answer: this.#answerBytes };
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const relay = connect(this.targetPort, "127.0.0.1");
    for (const socket of [client, relay]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    client.on("data", (chunk: Buffer) => {
      if (this.#again?.to === client) {
        client.write(this.#again.chunk);
        this.#again = undefined;
      }
      this.#pass("request", chunk, relay, client, this.#requestBytes);
      this.#requestBytes += chunk.length;
    });
    relay.on("data", (chunk: Buffer) => {
      this.#pass("answer", chunk, client, relay, this.#answerBytes);
      this.#answerBytes += chunk.length;
    });
    client.on("close", () => relay.destroy());
    relay.on("close", () => client.end());
  }

  #pass(side: Cut["side"], chunk: Buffer, to: Socket, from: Socket, before: number): void {
    const cut = this.#cut;
    if (cut?.side !== side || before + chunk.length < cut.atByte) {
      to.write(chunk);
      return;
    }
    this.#cut = undefined;
    const rest = chunk.subarray(Math.max(0, cut.atByte - before));
    to.write(chunk.subarray(0, chunk.length - rest.length), () => this.#goOn(cut.how, rest, chunk, to, from));
  }

  #goOn(how: Cut["how"], rest: Buffer, chunk: Buffer, to: Socket, from: Socket): void {
    switch (how) {
      case "twice":
        to.write(Buffer.concat([rest, chunk]));
        return;
      case "again":
        to.write(rest);
        this.#again = { to, chunk };
        return;
      case "late":
        systemClock.after(LATE_MS, () => to.write(rest), true);
        return;
      case "reset":
        to.resetAndDestroy();
        from.resetAndDestroy();
        return;
      case "close":
        to.end();
        from.end();
        return;
      case "forged":
        from.removeAllListeners("data").resume();
        from.end(FORGED);
        return;
      case "silence":
        from.removeAllListeners("data").resume();
    }
  }
}
