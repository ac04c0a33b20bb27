import type { TonearmError } from "../errors.ts";
import type { Disk } from "../file-log/disk.ts";
import { FileLog } from "../file-log/file-log.ts";
import { MemoryStore } from "../memory-store.ts";
import { discard } from "../node/discard.ts";
import { type CommonOptions, checkOptions } from "../options.ts";
import type { Ports } from "../ports.ts";
import { assembleTelemetry } from "../telemetry.ts";
import type { AnyEvents, EventDefinitions } from "../typed-events.ts";
import { msgpackCodec } from "../wire/msgpack.ts";
import { ManualClock } from "./manual-clock.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { type ReceivedEvent, ScriptedTransport } from "./scripted-transport.ts";

const BASE = { endpoint: "http://127.0.0.1:9", device: "speaker-1", freeBytesMin: 0 };

/** An SDK on a scripted relay, a manual clock and a disk in memory (or none). */
export function instance<E extends EventDefinitions = AnyEvents>(
  disk: Disk | undefined,
  options: Partial<CommonOptions<E>> = {},
  seed = 1,
  { clock = new ManualClock(seed), ...ports }: { clock?: ManualClock } & Partial<Ports> = {},
) {
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
            discard,
            onDamage: (range) => tell.damage(range),
            onQuarantine: (name, reason) => tell.quarantined(name, reason),
          })
        : new MemoryStore(checked),
    makeSpare: () => new MemoryStore({ ...checked, storeBytesMax: checked.bufferBytesMax }),
    release: () => {
      released++;
    },
    ...ports,
  });
  telemetry.on("error", (error) => errors.push(error));
  return { telemetry, transport, clock, errors, released: () => released };
}

/** An instance past its beginning, with a disk: `$open` is sent, nothing waits. */
export async function settled(options: Partial<CommonOptions> = {}) {
  const made = instance(new MemoryDisk(), options);
  await made.clock.advance(200_000);
  made.transport.batches.length = 0;
  return made;
}

/**
 * Sequence numbers of an epoch that are neither received nor declared dropped. A declaration of fewer numbers than its
 * stretch holds accounts for that many of those missing in it.
 */
export function undeclared(received: readonly ReceivedEvent[], epoch: string): number[] {
  const seqs = new Set(received.filter((event) => event.epoch === epoch).map(({ seq }) => seq));
  const drops = received
    .filter(({ type, data }) => (type === "$drop" || type === "$purge") && data.drop_epoch === epoch)
    .map(({ data }) => ({ ...data }) as { from_seq: number; to_seq: number; count: number });
  const isExact = (drop: (typeof drops)[0]) => drop.count > drop.to_seq - drop.from_seq;
  for (const drop of drops.filter(isExact)) {
    for (let seq = drop.from_seq; seq <= drop.to_seq; seq++) seqs.add(seq);
  }
  const last = Math.max(...seqs, ...drops.map(({ to_seq }) => to_seq));
  // Each missing number is put to the account of the drop that ends first, of those that reach it.
  const sparse = drops.filter((drop) => !isExact(drop)).toSorted((a, b) => a.to_seq - b.to_seq);
  for (let seq = 1; seq <= last; seq++) {
    if (seqs.has(seq)) continue;
    const drop = sparse.find((each) => each.count > 0 && each.from_seq <= seq && seq <= each.to_seq);
    if (!drop) continue;
    seqs.add(seq);
    drop.count--;
  }
  return Array.from({ length: last }, (_, i) => i + 1).filter((seq) => !seqs.has(seq));
}
