import type { Audit } from "@tonearm/relay/read";
import { readTruth } from "./ledger.ts";

/** What became of every event of the truth, by what the stream says. */
export interface Verification {
  recorded: number;
  durable: number;
  delivered: number;
  /** Recorded, not delivered, and declared dropped. */
  droppedDeclared: number;
  /** Durable and missing. The figure that must be 0. */
  lost: number;
  /** Taken by a crash before they were durable: never promised. */
  lostBeforeDurable: number;
}

/** Holds the truth against the stream, event by event. */
export async function verify(truthPath: string, { ledger }: Audit): Promise<Verification> {
  const result = { recorded: 0, durable: 0, delivered: 0, droppedDeclared: 0, lost: 0, lostBeforeDurable: 0 };
  for await (const { device, epoch, seq, durable } of readTruth(truthPath)) {
    result.recorded++;
    if (durable) result.durable++;
    const state = ledger.state(device, epoch, seq);
    if (state === "received") result.delivered++;
    else if (state === "declared") result.droppedDeclared++;
    else if (durable) result.lost++;
    else result.lostBeforeDurable++;
  }
  return result;
}
