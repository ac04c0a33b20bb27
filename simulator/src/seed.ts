import { systemClock } from "@tonearm/sdk/ports";

/** A new seed: eight characters to be typed again. */
export function newSeed(): string {
  return Array.from(systemClock.randomBytes(4), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
