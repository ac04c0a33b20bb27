import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** What it says of a song, and of a stream that does not sound yet. */
export const SONG = [
  "state: play",
  "songid: 1",
  "song: 0",
  "elapsed: 1.500",
  "file: CANARY/a.flac",
  "Title: A",
  "duration: 9",
];
export const STREAM = [
  "state: play",
  "songid: 2",
  "elapsed: 0.000",
  "file: http://anna:CANARY@192.0.2.1/",
  "Name: Jazz",
];

/** An MPD that says what it is told to. */
export class FakeMpd {
  readonly server: Server = createServer((socket) => this.#serve(socket));
  readonly heard: string[] = [];
  readonly sockets: Socket[] = [];
  status: string[] = ["state: stop"];
  outputs: string[] = [];
  greeting = "OK MPD 0.23.5\n";
  answer: (command: string) => string | undefined = () => undefined;

  async start(): Promise<number> {
    await once(this.server.listen(0, "127.0.0.1"), "listening");
    return (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  get #socket(): Socket {
    return this.sockets.at(-1)!;
  }

  tell(subsystem: string): void {
    this.#socket.write(`changed: ${subsystem}\nOK\n`);
  }

  #serve(socket: Socket): void {
    this.sockets.push(socket);
    socket.on("error", () => undefined);
    socket.write(this.greeting);
    socket.setEncoding("utf8").on("data", (text: unknown) => {
      for (const command of String(text).split("\n").filter(Boolean)) {
        this.heard.push(command);
        const own = this.answer(command);
        if (own !== undefined) socket.write(own);
        else if (command === "outputs") socket.write([...this.outputs, "OK\n"].join("\n"));
        else if (command === "command_list_end") socket.write([...this.status, "OK\n"].join("\n"));
        else if (command === "noidle" || /^(password|partition) /.test(command)) socket.write("OK\n");
      }
    });
  }
}
