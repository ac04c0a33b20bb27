import { someText, wholeNumber } from "@tonearm/relay/flags";
import { z } from "zod";

/** Flags of every command that runs a fleet. */
export const fleetShape = {
  devices: wholeNumber(1, 10_000).default(200).describe("speakers"),
  events: wholeNumber(1, 100_000_000)
    .default(100_000)
    .describe("events that the whole fleet records; of a history, at most so many of its plays"),
  seed: someText.optional().describe("decides everything that chance decides; default: a new one, printed"),
  seconds: wholeNumber(1, 86_400).default(30).describe("how long the fleet records"),
  deadline: wholeNumber(1, 86_400)
    .default(120)
    .describe("how long delivering may take after that, in seconds"),
  noFaults: z
    .boolean()
    .default(false)
    .describe("no resets, no lost or late answers, no offline periods, no outage, no crashes"),
  processes: wholeNumber(0, 64)
    .default(0)
    .describe("speakers live in so many processes, which are killed with SIGKILL; 0: in this one"),
  history: someText
    .optional()
    .describe(
      "replay this export of Spotify, last.fm or ListenBrainz (CSV or JSON) instead of the listening model; each row is a play, or is refused with the reason",
    ),
};

export type FleetOptions = z.infer<z.ZodObject<typeof fleetShape>>;

/** How many of `events` the speaker with this number records. */
export function shareOf(events: number, devices: number, speaker: number): number {
  return Math.floor(events / devices) + (speaker < events % devices ? 1 : 0);
}
