import type { Metric } from "../operate/metric.ts";
import type { Entrance } from "./entrance.ts";

/** Who comes in, as far as it is not a device's name. */
export const accessMetrics = (entrance: Entrance): readonly Metric[] => [
  {
    name: "tonearm_requests_identified_total",
    help: "Requests by what proved who sent them: write_key_1 and _2 as they are listed, token:NAME of its key, certificate, anyone. Shows when nobody has an old key any more.",
    type: "counter",
    label: "proof",
    read: () => entrance.proofs,
  },
  {
    name: "tonearm_requests_limited_total",
    help: "Requests refused because more came than the rate allows, by whose it is: device, write_key.",
    type: "counter",
    label: "bucket",
    read: () => Object.entries(entrance.limited),
  },
];
