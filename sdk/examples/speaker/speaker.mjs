// @ts-check
/**
 * A speaker's telemetry daemon. A player writes lines of JSON, {"type": "play", "data": {…}}; each becomes an event that
 * survives power cuts and outages until a relay has it. See README.md beside this file.
 *
 *   some-player | TONEARM_RELAY=http://127.0.0.1:8470 node speaker.mjs
 *   TONEARM_RELAY=http://127.0.0.1:8470 node speaker.mjs --simulate
 */
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { createTelemetry, TonearmError } from "@tonearm/sdk";
import { simulatedPlayer } from "./simulated-player.mjs";

const MIB = 1_048_576;
/** A longer line is no event. */
const LINE_LENGTH_MAX = 65_536;
const HEALTH_INTERVAL_MS = 60_000;
/** Less than the unit's TimeoutStopSec; what is not delivered by then stays on disk for the next start. */
const CLOSE_TIMEOUT_MS = 5_000;

const { env } = process;
const telemetry = createTelemetry({
  endpoint: env.TONEARM_RELAY ?? "http://127.0.0.1:8470",
  device:
    env.TONEARM_DEVICE ??
    hostname()
      .replace(/[^\w-]/g, "-")
      .slice(0, 64),
  // systemd makes the first one, readable by this service only.
  directory: env.STATE_DIRECTORY ?? "./telemetry",
  ...writeKey(),
  // Flash is small, and so is memory; the rest of the defaults fit a speaker.
  storeBytesMax: 16 * MIB,
  bufferBytesMax: 4 * MIB,
});

// The journal reads the priority from the number in front: 3 error, 4 warning, 6 information.
const log = (/** @type {3 | 4 | 6} */ priority, /** @type {string} */ text) =>
  console.log(env.JOURNAL_STREAM ? `<${priority}>${text}` : text);
telemetry.on("epoch", ({ epoch, previous }) =>
  log(6, `epoch ${epoch} begins${previous ? `; ${previous.epoch} left events behind` : ""}`),
);
telemetry.on("accepted", ({ epoch, fromSeq, throughSeq }) =>
  log(6, `accepted ${epoch} ${fromSeq}-${throughSeq}`),
);
telemetry.on("degraded", ({ durable, message }) => log(durable ? 6 : 3, message));
telemetry.on("drop", ({ message }) => log(4, message));
telemetry.on("error", ({ code, message }) => log(4, `${code}: ${message}`));

/** What an operator asks first; `kill -USR2` asks at any time. */
const health = () => {
  const { durable, delivery, durableEvents, storedEvents, acceptedEvents, oldestPendingMs, dropped } =
    telemetry.stats();
  log(
    durable ? 6 : 3,
    `health ${JSON.stringify({ durable, delivery, durableEvents, storedEvents, acceptedEvents, oldestPendingMs, dropped })}`,
  );
};
setInterval(health, HEALTH_INTERVAL_MS).unref();
process.on("SIGUSR2", health);

const player = openPlayer();
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop.abort());
stop.signal.addEventListener("abort", () => player.destroy());
let isCutOff = false;
try {
  for await (const line of linesOf(player)) recordLine(line);
} catch (error) {
  isCutOff = !stop.signal.aborted;
  if (isCutOff) log(3, `the player cannot be read (${String(error)})`);
}
const { durable, delivered, pendingEvents } = await telemetry.close({ timeoutMs: CLOSE_TIMEOUT_MS });
log(
  durable ? 6 : 3,
  delivered
    ? "closed; everything is delivered"
    : `closed; ${pendingEvents} events stay here for the next start`,
);
process.exit(durable && !isCutOff ? 0 : 1);

/** One event, or one complaint: a bad line holds up no other. */
function recordLine(/** @type {string} */ line) {
  try {
    const { type, data } = JSON.parse(line) ?? {};
    telemetry.record(type, data);
  } catch (error) {
    if (!(error instanceof TonearmError || error instanceof SyntaxError)) throw error;
    log(4, `a line of the player is no event (${error.message})`);
  }
}

/** The lines of a stream. One that is too long is left out, and said. */
async function* linesOf(/** @type {NodeJS.ReadableStream} */ stream) {
  let rest = "";
  stream.setEncoding("utf8");
  for await (const text of stream) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.length > LINE_LENGTH_MAX)
        log(4, `a line of the player is longer than ${LINE_LENGTH_MAX} characters`);
      else if (line.trim() !== "") yield line;
    }
    // Its head is kept long enough to be recognised as too long when its end comes.
    rest = rest.slice(0, LINE_LENGTH_MAX + 1);
  }
  if (rest.trim() !== "") yield rest;
}

/** Where the lines come from: the FIFO that systemd holds open, the simulation, or standard input. */
function openPlayer() {
  if (process.argv.includes("--simulate")) return simulatedPlayer();
  const isActivated = env.LISTEN_PID === String(process.pid) && env.LISTEN_FDS === "1";
  return isActivated ? new Socket({ fd: 3, readable: true, writable: false }) : process.stdin;
}

/** The key that systemd's LoadCredential hands over; without it the relay has to let anybody write. */
function writeKey() {
  if (!env.CREDENTIALS_DIRECTORY) return {};
  return { key: readFileSync(join(env.CREDENTIALS_DIRECTORY, "write-key"), "utf8").trim() };
}
