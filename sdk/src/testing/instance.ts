import type { TonearmError } from "../errors.ts";
import { FileLog } from "../file-log/file-log.ts";
import { MemoryStore } from "../memory-store.ts";
import { type CommonOptions, checkOptions } from "../options.ts";
import { assembleTelemetry } from "../telemetry.ts";
import type { AnyEvents, EventDefinitions } from "../typed-events.ts";
import { msgpackCodec } from "../wire/msgpack.ts";
import { ManualClock } from "./manual-clock.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import { type ReceivedEvent, ScriptedTransport } from "./scripted-transport.ts";

const BASE = { endpoint: "http://127.0.0.1:9", device: "speaker-1", freeBytesMin: 0 };

/** An SDK on a scripted relay, a manual clock and a disk in memory (or none). */
export function instance<E extends EventDefinitions = AnyEvents>(
  disk: MemoryDisk | undefined,
  options: Partial<CommonOptions<E>> = {},
  seed = 1,
) {
  const clock = new ManualClock(seed);
  const transport = new ScriptedTransport();
  const checked = checkOptions<E>({ ...BASE, ...options }, []);
  const errors: TonearmError[] = [];
  let released = 0;
  const telemetry = assembleTelemetry(checked, {
    clock,
    codec: msgpackCodec,
    transport,
    makeStore: (tell) =>
      disk
        ? new FileLog({
            ...checked,
            disk,
            clock,
            spelling: 1,
            onDamage: (range) => tell.damage(range),
            onQuarantine: (name, reason) => tell.quarantined(name, reason),
          })
        : new MemoryStore(checked.storeBytesMax),
    release: () => {
      released++;
    },
  });
  telemetry.on("error", (error) => errors.push(error));
  return { telemetry, transport, clock, errors, released: () => released };
}

/** Sequence numbers of an epoch that are neither received nor declared dropped. */
export function undeclared(received: readonly ReceivedEvent[], epoch: string): number[] {
  const seqs = new Set(received.filter((event) => event.epoch === epoch).map(({ seq }) => seq));
  for (const { type, data } of received) {
    if (type !== "$drop" || data.drop_epoch !== epoch) continue;
    for (let seq = data.from_seq as number; seq <= (data.to_seq as number); seq++) seqs.add(seq);
  }
  const last = Math.max(...seqs);
  return Array.from({ length: last }, (_, i) => i + 1).filter((seq) => !seqs.has(seq));
}
