import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { messageOf, TonearmError } from "../errors.ts";
import { FileLog } from "../file-log/file-log.ts";
import { NodeDisk } from "../file-log/node-disk.ts";
import { lengthOf } from "../file-log/packed-entries.ts";
import { MemoryStore } from "../memory-store.ts";
import { checkOptions, checkWhole } from "../options.ts";
import type { StoreNews } from "../ports.ts";
import { systemClock } from "../system-clock.ts";
import { assembleTelemetry } from "../telemetry.ts";
import type { Telemetry } from "../telemetry-api.ts";
import { RUNTIME_OPTIONS, type TelemetryOptions, type TlsOptions } from "../telemetry-options.ts";
import type { AnyEvents, EventDefinitions } from "../typed-events.ts";
import { briefMsgpackCodec } from "../wire/msgpack.ts";
import { inWords } from "../words.ts";
import { packer } from "./compress.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { discard } from "./discard.ts";
import { HttpTransport } from "./http-transport.ts";
import { makeDirectory } from "./make-directory.ts";
import { PackedQueue } from "./packed-queue.ts";
import { WearBudget } from "./wear-budget.ts";

/**
 * Begins recording: a new epoch. Events of earlier runs that no relay has yet are found and sent first.
 * @throws TonearmError `invalid_option`, `directory_unusable` or `directory_locked`.
 */
export function createTelemetry<E extends EventDefinitions = AnyEvents>(
  options: TelemetryOptions<E>,
): Telemetry<E> {
  const checked = checkOptions(options, RUNTIME_OPTIONS);
  const directory = checkDirectory(options.directory);
  const wear = wearBudget(options.flashBytesPerDayMax);
  const transport = new HttpTransport({ ...checked, tls: checkTls(options.tls) });
  // The last thing that can fail: whoever is refused leaves nothing locked.
  const lock: DirectoryLock | undefined = directory === undefined ? undefined : lockDirectory(directory);
  const disk = (path: string) => new NodeDisk(path, () => lock!.check());
  return assembleTelemetry(checked, {
    clock: systemClock,
    codec: briefMsgpackCodec,
    transport,
    queue: new PackedQueue(packer),
    wear,
    makeStore: (tell: StoreNews) =>
      directory === undefined
        ? new MemoryStore(checked, lengthOf)
        : new FileLog({
            ...checked,
            disk: wear?.meter(disk(directory)) ?? disk(directory),
            clock: systemClock,
            spelling: briefMsgpackCodec.spelling,
            packer,
            discard,
            onDamage: (range) => tell.damage(range),
            onQuarantine: (name, reason) => tell.quarantined(name, reason),
          }),
    makeSpare: () => new MemoryStore({ ...checked, storeBytesMax: checked.bufferBytesMax }, lengthOf),
    release: () => lock?.release(),
  });
}

/** @throws TonearmError `invalid_option` unless Node can use it; nothing of a key stands in the message. */
function checkTls(tls: TlsOptions | undefined): TlsOptions | undefined {
  try {
    if (tls) createSecureContext(tls);
    return tls;
  } catch {
    throw new TonearmError(
      "invalid_option",
      "option tls is not acceptable, expected PEM in ca, cert and key that fits",
    );
  }
}

function wearBudget(bytesPerDay: number | undefined): WearBudget | undefined {
  if (bytesPerDay === undefined) return undefined;
  return new WearBudget(checkWhole("flashBytesPerDayMax", bytesPerDay, 1_048_576, 2 ** 50), systemClock);
}

/** Makes the directory if need be, and makes sure that it can be used. */
function checkDirectory(directory: unknown): string | undefined {
  if (directory === false) return undefined;
  if (typeof directory !== "string" || directory === "") {
    throw new TonearmError(
      "invalid_option",
      `option directory is ${inWords(directory)}, expected a path, or false to keep events in memory only`,
    );
  }
  const path = resolve(directory);
  try {
    makeDirectory(path, 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  } catch (error) {
    throw new TonearmError(
      "directory_unusable",
      `directory ${path} cannot be used (${messageOf(error)}); expected one that this process can make, read and write`,
      error,
    );
  }
}
