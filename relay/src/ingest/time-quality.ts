/**
 * How far a device's time can be trusted, for those who would rather not interpret an offset. `synced`: its clock agreed
 * with the relay's. `corrected`: it did not, and `time_ms + offset_ms` is right. `unsynced`: nobody knows.
 */
type TimeQuality = "synced" | "corrected" | "unsynced";

/** A clock this close to the relay's is right: what is left is mostly the network's doing. */
const SYNCED_MS = 1_000;

/** @param offsetMs what the device had learned when it recorded the event; null when it had not, or its clock had jumped. */
export function timeQualityOf(offsetMs: number | null): TimeQuality {
  if (offsetMs === null) return "unsynced";
  return Math.abs(offsetMs) <= SYNCED_MS ? "synced" : "corrected";
}
