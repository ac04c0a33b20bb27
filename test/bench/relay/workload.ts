/** What the devices of this benchmark send: plays of thirteen fields, the same in every process that makes them. */
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import {
  ColumnsEncoder,
  encodeMsgpackBatch,
  MEDIA_COLUMNS,
  MEDIA_MSGPACK,
  msgpackCodec,
} from "@tonearm/sdk/wire";
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
  readonly encoding: WorkloadEncoding;
}

/** By columns and brotli, as Tonearm's own SDK sends what fits in 64 KiB; or in msgpack, as it sends to a relay without columns. */
export const ENCODINGS = ["columns", "zstd", "gzip"] as const;
type WorkloadEncoding = (typeof ENCODINGS)[number];

/** A request's body. */
export interface Body {
  readonly media: string;
  readonly encoding: "br" | "zstd" | "gzip" | "identity";
  readonly bytes: Buffer;
}

export const EPOCH = "k5q2abcdefghij67";
/** Plays that are not alike; devices go through them from different places. */
const PLAYS = 10_000;
const STRIDE = 7;
const BEGAN_MS = Date.UTC(2026, 10, 23, 6);
/** What the SDK uses, and from which size on. */
const ZSTD_LEVEL = 5;
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 16 };
const WORTHWHILE_BYTES = 512;

const columnsEncoder = new ColumnsEncoder();
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
  const header = { device: deviceName(device), epoch: EPOCH, firstSeq };
  const columns = encoding === "columns" ? columnsEncoder.encode(header, events) : undefined;
  const media = columns ? MEDIA_COLUMNS : MEDIA_MSGPACK;
  const plain = Buffer.from(columns ?? encodeMsgpackBatch(header, events));
  if (plain.length < WORTHWHILE_BYTES) return { media, encoding: "identity", bytes: plain };
  if (encoding === "gzip") return { media, encoding, bytes: gzipSync(plain) };
  if (encoding === "columns") {
    const params = { ...BROTLI, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
    return { media, encoding: "br", bytes: brotliCompressSync(plain, { params }) };
  }
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  return {
    media,
    encoding,
    bytes: zstdCompressSync(plain, { pledgedSrcSize: plain.length, params }),
  };
}
