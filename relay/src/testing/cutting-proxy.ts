import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What happens to the next connection that carries something. */
export interface Cut {
  readonly side: "request" | "answer";
  /** After so many bytes of it. */
  readonly atByte: number;
  /** `reset`: both ends are told at once. `close`: as if the other had ended. `silence`: nothing more ever comes. */
  readonly how: "reset" | "close" | "silence";
}

/** A TCP proxy on loopback that cuts one exchange short, and leaves the ones after it alone. */
export class CuttingProxy {
  readonly #targetPort: number;
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets = new Set<Socket>();
  #cut: Cut | undefined;
  #requestBytes = 0;
  #answerBytes = 0;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
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
    const relay = connect(this.#targetPort, "127.0.0.1");
    for (const socket of [client, relay]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    client.on("data", (chunk: Buffer) => {
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
    to.write(chunk.subarray(0, Math.max(0, cut.atByte - before)), () => this.#end(cut.how, to, from));
  }

  #end(how: Cut["how"], to: Socket, from: Socket): void {
    switch (how) {
      case "reset":
        to.resetAndDestroy();
        from.resetAndDestroy();
        return;
      case "close":
        to.end();
        from.end();
        return;
      case "silence":
        from.removeAllListeners("data").resume();
    }
  }
}
