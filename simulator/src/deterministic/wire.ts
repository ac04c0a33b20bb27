import { interpret, type Transport } from "@tonearm/sdk/ports";
import {
  encodeMsgpackBatch,
  encodeNdjsonBatch,
  isControl,
  MEDIA_MSGPACK,
  MEDIA_NDJSON,
} from "@tonearm/sdk/wire";
import type { Network } from "./network.ts";

/**
 * The SDK's transport over the simulated network: real bodies, real answers, and what they mean by the SDK's own reading.
 * @param onBatch told of every batch whether it holds nothing but control records.
 */
export function transportOver(
  network: Network,
  spelling: "msgpack" | "ndjson",
  onBatch: (isControlOnly: boolean) => void,
): Transport {
  const encode = spelling === "msgpack" ? encodeMsgpackBatch : encodeNdjsonBatch;
  const media = spelling === "msgpack" ? MEDIA_MSGPACK : MEDIA_NDJSON;
  const send: Transport["send"] = (run, signal, sending) =>
    new Promise((resolve) => {
      const { device, epoch, firstSeq, events } = run;
      const seqs = events.flatMap((bytes, i) => (bytes.length > 0 ? firstSeq + i : []));
      onBatch(events.every((bytes) => bytes.length === 0 || isControl(bytes)));
      const body = encode(run, events);
      sending.left(body.length, "identity");
      const unreachable = (message: string) =>
        resolve({ kind: "retry", afterMs: undefined, fault: { kind: "unreachable", message } });
      if (signal.aborted) return unreachable("broken off");
      signal.addEventListener("abort", () => unreachable("broken off"), { once: true });
      network.send({ asked: { device, epoch, seqs }, media, body }, (reply) => {
        if (reply) resolve(interpret({ ...reply, date: undefined }, body.length));
        else unreachable("connection lost");
      });
    });
  return { send, close: async () => undefined };
}
