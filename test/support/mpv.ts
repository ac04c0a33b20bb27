/** A real mpv with its MPRIS plugin, on a session bus of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import dbus from "dbus-next";
import { freshDirectory, until } from "./devices.ts";
import { toneOf } from "./tones.ts";

const PLUGIN = "/usr/lib/mpv-mpris/mpris.so";
const NAME = "org.mpris.MediaPlayer2.mpv";
const PLAYER = "org.mpris.MediaPlayer2.Player";

export const hasMpv =
  existsSync(PLUGIN) && ["mpv", "dbus-daemon"].every((name) => spawnSync(name, ["--version"]).status === 0);

export interface Mpv {
  readonly bus: dbus.MessageBus;
  readonly busAddress: string;
  start(): Promise<void>;
  /** Opens a tone: `three` seconds, `long`, `broken`. Its address holds what nobody may see. */
  open(tone: string): Promise<void>;
  /** Opens a list of `long`, `three` and `three` again. */
  openList(): Promise<void>;
  /** Opens an address. */
  openUri(uri: string): Promise<void>;
  call(method: "Pause" | "Play" | "Stop" | "Seek" | "Next", ...args: readonly unknown[]): Promise<void>;
  loop(status: "None" | "Track"): Promise<void>;
  /** Ends mpv, as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A directory with the tones. */
async function writeTones(): Promise<string> {
  const directory = await freshDirectory();
  await Promise.all(
    Object.entries({ three: 3, long: 20 }).map(([name, seconds]) => {
      const tags = { INAM: `Tone ${name}`, IART: "Ünïcode & Sons" };
      return writeFile(join(directory, `CANARY-${name}.wav`), toneOf(seconds, 440, tags));
    }),
  );
  await writeFile(join(directory, "CANARY-broken.wav"), "not audio at all");
  await writeFile(
    join(directory, "list.m3u"),
    ["long", "three", "three"].map((name) => `CANARY-${name}.wav\n`).join(""),
  );
  return directory;
}

export async function startMpv(): Promise<Mpv> {
  const directory = await writeTones();
  const busAddress = `unix:path=${join(directory, "bus")}`;
  const daemon = spawn("dbus-daemon", ["--session", `--address=${busAddress}`, "--nofork", "--nopidfile"], {
    stdio: "ignore",
  });
  await until("the bus to be there", () => existsSync(join(directory, "bus")));
  const bus = dbus.sessionBus({ busAddress });
  let child: ChildProcess | undefined;
  const proxy = async (name: string) =>
    (await bus.getProxyObject(NAME, "/org/mpris/MediaPlayer2")).getInterface(name);
  const call = async (method: string, ...args: readonly unknown[]) => {
    await (await proxy(PLAYER))[method]!(...args);
  };
  const mpv: Mpv = {
    bus,
    busAddress,
    call,
    openUri: (uri) => call("OpenUri", uri),
    openList: () => call("OpenUri", pathToFileURL(join(directory, "list.m3u")).href),
    async start() {
      const args = [
        "--no-config",
        `--script=${PLUGIN}`,
        "--no-video",
        "--ao=null",
        "--idle=yes",
        "--no-terminal",
      ];
      child = spawn("mpv", args, {
        stdio: "ignore",
        env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: busAddress },
      });
      const names = (await bus.getProxyObject("org.freedesktop.DBus", "/org/freedesktop/DBus")).getInterface(
        "org.freedesktop.DBus",
      );
      await until("mpv to be on the bus", () => names.NameHasOwner!(NAME));
    },
    open: (tone) => call("OpenUri", pathToFileURL(join(directory, `CANARY-${tone}.wav`)).href),
    async loop(status) {
      const properties = await proxy("org.freedesktop.DBus.Properties");
      await properties.Set!(PLAYER, "LoopStatus", new dbus.Variant("s", status));
    },
    async kill() {
      const gone = once(child!, "exit");
      child!.kill("SIGKILL");
      await gone;
    },
    async stop() {
      child?.kill("SIGKILL");
      bus.disconnect();
      const gone = once(daemon, "exit");
      if (daemon.exitCode === null && daemon.kill()) await gone;
    },
  };
  await mpv.start();
  return mpv;
}
