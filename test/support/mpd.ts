/** A real Music Player Daemon on loopback, with null outputs and tones to play. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { freshDirectory, until } from "./devices.ts";
import { freePort } from "./ports.ts";
import { toneOf } from "./tones.ts";

export const hasMpd = spawnSync("mpd", ["--version"]).status === 0;

export interface Mpd {
  readonly port: number;
  /** Where `station` sends what it plays. */
  readonly streamUrl: string;
  /** Sends commands, one connection for all of them, and returns the lines of the answers. */
  tell(...commands: readonly string[]): Promise<string>;
  start(): Promise<void>;
  /** Ends it, as a crash would. */
  kill(): Promise<void>;
}

/** Where the tones stand; their addresses hold what nobody may see. */
const FOLDER = "CANARY-of-anna";
export const tone = (name: string): string => `${FOLDER}/${name}.${name === "broken" ? "flac" : "wav"}`;

const TONES = { two: 2, three: 3, long: 20 };

/**
 * @param isStation whether it sends what it plays over HTTP, as a radio does; `loud` in many bytes, for who waits for many before
 *   it plays.
 */
export async function startMpd(isStation: boolean | "loud" = false): Promise<Mpd> {
  const root = await freshDirectory();
  const [port, streamPort] = [await freePort(), await freePort()];
  await mkdir(join(root, "music", FOLDER), { recursive: true });
  for (const [name, seconds] of Object.entries(TONES)) {
    const tags = { INAM: `Tone ${name}`, IART: "Ünïcode & Sons" };
    await writeFile(join(root, "music", tone(name)), toneOf(seconds, 440, tags));
  }
  await writeFile(join(root, "music", tone("broken")), "not audio at all");
  await writeFile(
    join(root, "mpd.conf"),
    configuration(root, port, isStation ? streamPort : undefined, isStation === "loud"),
  );
  let child: ChildProcess | undefined;
  const mpd: Mpd = {
    port,
    streamUrl: `http://127.0.0.1:${streamPort}/CANARY?token=CANARY`,
    tell: (...commands) => tell(port, commands),
    async start() {
      child = spawn("mpd", ["--no-daemon", join(root, "mpd.conf")], { stdio: "ignore" });
      const answers = () =>
        tell(port, ["ping"]).then(
          () => true,
          () => false,
        );
      await until("MPD to answer", answers);
      await mpd.tell("update");
      await until(
        "MPD to have found the tones",
        async () => !(await mpd.tell("status")).includes("updating_db"),
      );
    },
    async kill() {
      if (child?.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
  await mpd.start();
  return mpd;
}

function configuration(root: string, port: number, streamPort: number | undefined, isLoud: boolean): string {
  const output = (...settings: readonly string[]) => ["audio_output {", ...settings, "}"];
  const radio = output(
    'type "httpd"',
    'name "radio"',
    'bind_to_address "127.0.0.1"',
    `port "${streamPort}"`,
    ...(isLoud ? ['encoder "lame"', 'bitrate "320"'] : ['encoder "vorbis"', 'quality "1"']),
    'format "44100:16:1"',
    'always_on "yes"',
  );
  const room = (name: string, enabled: "yes" | "no") =>
    output('type "null"', `name "${name}"`, 'sync "yes"', `enabled "${enabled}"`);
  return [
    `music_directory "${join(root, "music")}"`,
    `db_file "${join(root, "db")}"`,
    `log_file "${join(root, "log")}"`,
    'bind_to_address "127.0.0.1"',
    `port "${port}"`,
    'zeroconf_enabled "no"',
    ...(streamPort === undefined ? [...room("Kitchen", "yes"), ...room("Bath", "no")] : radio),
    "",
  ].join("\n");
}

async function tell(port: number, commands: readonly string[]): Promise<string> {
  const socket = createConnection(port, "127.0.0.1");
  const text = [...commands, "close", ""].join("\n");
  socket.write(text);
  let answer = "";
  for await (const bytes of socket) answer += bytes;
  if (answer.includes("ACK ")) throw new Error(`MPD refused one of ${commands.join("; ")}: ${answer}`);
  return answer;
}
