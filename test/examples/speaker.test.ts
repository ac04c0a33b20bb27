import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { copyFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, until } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { execute, ROOT } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const SPEAKER = join(ROOT, "sdk/examples/speaker");
const DAEMON = join(SPEAKER, "speaker.mjs");
const UNITS = ["tonearm-speaker.service", "tonearm-speaker.socket"];
const NOWHERE = "http://127.0.0.1:9";
const KEY = "a-write-key-of-a-speaker";
const HAS_SYSTEMD = spawnSync("systemd-analyze", ["--version"]).status === 0;

interface Daemon {
  readonly child: ChildProcess;
  readonly said: readonly string[];
  /** What the daemon says of its health, at this moment. */
  health(): Promise<{ readonly durableEvents: number; readonly acceptedEvents: number }>;
  /** Sends the signal and resolves with the exit code when the process is gone. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the daemon as systemd does: the FIFO as its descriptor 3, a directory, a credential. */
function startDaemon(fifo: number | undefined, env: Record<string, string>, args: readonly string[] = []) {
  // The shell becomes the daemon, so that LISTEN_PID can be the daemon's.
  const command = ["-c", 'LISTEN_PID=$$ exec "$0" "$@"', process.execPath, "--conditions=source", DAEMON];
  const child = spawn("sh", [...command, ...args], {
    env: { ...process.env, ...env, ...(fifo !== undefined && { LISTEN_FDS: "1" }) },
    stdio: ["pipe", "pipe", "inherit", fifo ?? "ignore"],
  });
  const said: string[] = [];
  const lines = createInterface({ input: child.stdout! }).on("line", (line) => said.push(line));
  const ended = once(child, "close").then(([code]) => code as number | null);
  const nextLine = () =>
    Promise.race([
      once(lines, "line").then(([line]) => String(line)),
      ended.then((code) => Promise.reject(new Error(`the daemon ended with ${code}`))),
    ]);
  const health = async () => {
    // Before its first line it does not know the signal, and would be ended by it.
    if (said.length === 0) await nextLine();
    for (;;) {
      const next = nextLine();
      child.kill("SIGUSR2");
      const line = await next;
      if (line.startsWith("health ")) return JSON.parse(line.slice("health ".length));
    }
  };
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return ended;
  };
  return { child, said, health, end } satisfies Daemon;
}

const untilDaemon = (daemon: Daemon, what: "durableEvents" | "acceptedEvents", least: number) =>
  until(`${what} to be ${least}`, async () => (await daemon.health())[what] >= least);

const linesFrom = (first: number, count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ type: "tick", data: { n: first + i } })}\n`,
  ).join("");

describe("the speaker daemon", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  let credentials: string;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    relay = await startTestRelay(server, stream, { insecure: false, writeKeys: [KEY] });
    credentials = await freshDirectory();
    await writeFile(join(credentials, "write-key"), `${KEY}\n`);
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  /**
   * A life without a relay that ends by kill -9, lines while nobody runs, and a life that delivers. Returns the numbers
   * of the ticks that reached the stream.
   */
  async function killedAndRestarted(device: string, between: (directory: string) => Promise<void>) {
    const directory = await freshDirectory();
    const path = join(await freshDirectory(), "fifo");
    await execute("mkfifo", [path], {});
    // As systemd does: held open for reading too, so that it survives the daemon.
    const fifo = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
    const env = { STATE_DIRECTORY: directory, CREDENTIALS_DIRECTORY: credentials, TONEARM_DEVICE: device };
    const first = startDaemon(fifo.fd, { ...env, TONEARM_RELAY: NOWHERE });
    await fifo.write(linesFrom(0, 300));
    await untilDaemon(first, "durableEvents", 301);
    expect(await first.end("SIGKILL")).toBeNull();
    await between(directory);
    await fifo.write(linesFrom(300, 50));
    const second = startDaemon(fifo.fd, { ...env, TONEARM_RELAY: relay.url });
    await untilDaemon(second, "durableEvents", 51);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(second.said.at(-1)).toBe("closed; everything is delivered");
    await fifo.close();
    const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
    expect(duplicates).toBe(0);
    const reports = [...epochs.values()].filter((report) => report.device === device);
    const numbers = events.filter((event) => event.device === device).map(({ n }) => Number(n));
    return {
      ends: reports.map(({ verdict, end }) => [verdict, end]),
      numbers: numbers.toSorted((a, b) => a - b),
    };
  }

  it("killed with kill -9 and restarted delivers everything once, also what players wrote while it was away", async () => {
    const { ends, numbers } = await killedAndRestarted("kitchen", async () => undefined);
    expect(numbers).toEqual(Array.from({ length: 350 }, (_, n) => n));
    // Nobody can know what a killed life had not stored yet; that all it had stored is there, everybody can.
    expect(Object.fromEntries(ends)).toEqual({ COMPLETE: "closed", UNPROVEN: "named" });
  });

  it("delivers only the second life when its directory is lost in between: the control", async () => {
    const { numbers } = await killedAndRestarted("bath", (directory) =>
      rm(directory, { recursive: true }).then(() => undefined),
    );
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, i) => 300 + i));
  });

  it("complains about a line that is no event, without repeating it, and goes on", async () => {
    const daemon = startDaemon(undefined, {
      STATE_DIRECTORY: await freshDirectory(),
      TONEARM_RELAY: NOWHERE,
      JOURNAL_STREAM: "1:1",
    });
    daemon.child.stdin!.end(`{"type":"$drop","data":{}}\nnull\n${"x".repeat(200_000)}\n\n${linesFrom(0, 1)}`);
    const [code] = await once(daemon.child, "close");
    expect(code).toBe(0);
    const complaints = daemon.said.filter((line) => line.startsWith("<4>a line of the player"));
    expect(complaints).toEqual([
      expect.stringContaining('the event type is "$drop", expected'),
      expect.stringContaining("the event type is missing, expected"),
      expect.stringContaining("is longer than 65536 characters"),
    ]);
    // $open, the tick and $close.
    expect(daemon.said.at(-1)).toBe("<6>closed; 3 events stay here for the next start");
  });

  it("plays by itself when it is told to simulate, in events that are all accepted", async () => {
    const daemon = startDaemon(
      undefined,
      {
        STATE_DIRECTORY: await freshDirectory(),
        CREDENTIALS_DIRECTORY: credentials,
        TONEARM_DEVICE: "simulated",
        TONEARM_RELAY: relay.url,
      },
      ["--simulate"],
    );
    await untilDaemon(daemon, "durableEvents", 3);
    expect(await daemon.end("SIGTERM")).toBe(0);
    const { events } = await verdictsOf(server.client, stream);
    const own = events.filter(({ device }) => device === "simulated");
    expect(new Set(own.map(({ type }) => type))).toEqual(new Set(["source", "play"]));
    expect(daemon.said.filter((line) => line.includes("no event"))).toEqual([]);
  });

  it.skipIf(!HAS_SYSTEMD)(
    "has units that systemd finds no fault with, and little to reach beyond them (SKIPPED without systemd-analyze)",
    async () => {
      const directory = await freshDirectory();
      for (const unit of UNITS) await copyFile(join(SPEAKER, unit), join(directory, unit));
      const service = join(directory, UNITS[0]!);
      // The paths of a speaker are not those of this machine; systemd looks whether the program is there.
      const text = await readFile(service, "utf8");
      expect(text).toContain("ExecStart=/usr/bin/node ");
      await writeFile(service, text.replace("/usr/bin/node", process.execPath));
      const paths = UNITS.map((unit) => join(directory, unit));
      const { code, stderr } = await execute("systemd-analyze", ["verify", ...paths], {});
      expect([code, stderr]).toEqual([0, ""]);
      const { stdout } = await execute(
        "systemd-analyze",
        ["security", "--offline=true", "--threshold=20", service],
        {},
      );
      expect(stdout).toMatch(/Overall exposure level for tonearm-speaker.service: [01]\./);
    },
  );
});
