/** What the devices of this benchmark send: plays of thirteen fields, the same in every process that makes them. */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeMsgpackBatch, msgpackCodec } from "@tonearm/sdk/wire";
import { playOf } from "../sdk/contender.ts";
import { makePlays } from "../sdk/plays.ts";

export interface Workload {
  readonly batchEvents: number;
  /** Each has a connection of its own, and one request on it at a time. */
  readonly devices: number;
  /** Sent before anything is measured: compilers and connections are warm then. */
  readonly warmBatches: number;
  /** Sent while it is measured; each device sends so many. */
  readonly batches: number;
  readonly encoding: "zstd" | "gzip";
}

/** A request's body, as Tonearm's own SDK sends it. */
export interface Body {
  readonly encoding: Workload["encoding"] | "identity";
  readonly bytes: Buffer;
}

export const EPOCH = "k5q2abcdefghij67";
/** Plays that are not alike; devices go through them from different places. */
const PLAYS = 10_000;
const STRIDE = 7;
const BEGAN_MS = Date.UTC(2026, 10, 23, 6);
/** What the SDK uses, and from which size on. */
const ZSTD_LEVEL = 5;
const WORTHWHILE_BYTES = 512;

let texts: readonly string[] | undefined;

/** The data of one event, as JSON text. */
export function dataOf(device: number, seq: number): string {
  texts ??= makeTexts();
  return texts[(device * STRIDE + seq) % PLAYS]!;
}

function makeTexts(): string[] {
  const plays = makePlays(PLAYS);
  return Array.from({ length: PLAYS }, (_, i) => JSON.stringify(playOf(plays, i)));
}

const deviceName = (device: number): string => `RINCON_${device.toString(16).padStart(12, "0")}`;

/** The number of a device by its name. */
export const deviceNumber = (name: string): number => Number.parseInt(name.slice("RINCON_".length), 16);

/** Events of the measured part. */
export const eventsOf = ({ devices, batches, batchEvents }: Workload): number =>
  devices * batches * batchEvents;

/** The same with those of the warm-up. */
export const sentOf = ({ devices, batches, warmBatches, batchEvents }: Workload): number =>
  devices * (batches + warmBatches) * batchEvents;

/** The bodies that one device sends, oldest first. */
export function bodiesOf(workload: Workload, device: number): Body[] {
  const { warmBatches, batches } = workload;
  return Array.from({ length: warmBatches + batches }, (_, i) => bodyOf(workload, device, i));
}

function bodyOf({ batchEvents, encoding }: Workload, device: number, batch: number): Body {
  const firstSeq = batch * batchEvents + 1;
  const events = Array.from({ length: batchEvents }, (_, i) =>
    msgpackCodec.encodeEvent({
      type: "listened",
      timeMs: BEGAN_MS + firstSeq + i,
      monoMs: (firstSeq + i) * 1_000,
      offsetMs: 12,
      json: dataOf(device, firstSeq + i),
    }),
  );
  const plain = Buffer.from(
    encodeMsgpackBatch({ device: deviceName(device), epoch: EPOCH, firstSeq }, events),
  );
  if (plain.length < WORTHWHILE_BYTES) return { encoding: "identity", bytes: plain };
  if (encoding === "gzip") return { encoding, bytes: gzipSync(plain) };
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  return { encoding, bytes: zstdCompressSync(plain, { pledgedSrcSize: plain.length, params }) };
}
