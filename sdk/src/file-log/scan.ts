import type { Packer } from "../packer.ts";
import type { Entry } from "../store.ts";
import { ACK, ackEpochOf, decodeFrame, entriesOf, type Frame, findFrameMagic } from "./segment-format.ts";

/** What a scan finds, in the order of the file. */
export type Finding =
  | { readonly kind: "events"; readonly entries: readonly Entry[] }
  | { readonly kind: "ack"; readonly epoch: string; readonly throughSeq: number }
  /** Bytes that are no frame: damage, or a commit that a crash tore. */
  | { readonly kind: "damage"; readonly bytes: number };

/**
 * Reads frames from `bytes`, and after damage goes on at the next valid frame. Never throws; ends at the end of
 * the bytes, whatever they hold.
 */
export function* scanFrames(
  bytes: Uint8Array,
  from: number,
  salt: number,
  packer?: Packer,
): Generator<Finding> {
  let at = from;
  let damagedFrom = -1;
  while (at < bytes.length) {
    const frame = decodeFrame(bytes, at, salt);
    const finding = frame && findingIn(frame, packer);
    if (!finding) {
      if (damagedFrom < 0) damagedFrom = at;
      at = findFrameMagic(bytes, at + 1);
      continue;
    }
    if (damagedFrom >= 0) yield { kind: "damage", bytes: at - damagedFrom };
    damagedFrom = -1;
    yield finding;
    at += frame.byteLength;
  }
  if (damagedFrom >= 0) yield { kind: "damage", bytes: at - damagedFrom };
}

/** Undefined when it does not hold what its header promises, or cannot be unpacked. */
function findingIn(frame: Frame, packer: Packer | undefined): Finding | undefined {
  if (frame.type === ACK) return { kind: "ack", epoch: ackEpochOf(frame), throughSeq: frame.firstSeq };
  const entries = entriesOf(frame, packer);
  return entries && { kind: "events", entries };
}
