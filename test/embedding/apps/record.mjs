/**
 * The smallest application there is on Node: records, closes, says what became of it. Arguments: the relay, the
 * directory, how many events.
 */
import { createTelemetry, defineEvents, TonearmError } from "@tonearm/sdk";

const [endpoint, directory, count] = process.argv.slice(2);
const telemetry = createTelemetry({ endpoint, device: "app", directory, freeBytesMin: 0 });
const encodings = new Set();
telemetry.on("error", () => undefined);
telemetry.on("sent", ({ encoding }) => encodings.add(encoding));
for (let i = 0; i < Number(count); i++) telemetry.record("tick", { node: process.version, i });
telemetry.play({
  started_at: "2026-11-22T19:45:00Z",
  ended_at: "2026-11-22T19:48:20Z",
  ms_played: 200_000,
  title: "Étude № 3",
});
let refused;
try {
  defineEvents({ play: undefined });
} catch (error) {
  refused = error instanceof TonearmError && error.code;
}
const result = await telemetry.close({ timeoutMs: endpoint.endsWith(":9") ? 100 : 30_000 });
console.log(
  JSON.stringify({
    node: process.version,
    epoch: telemetry.epoch,
    refused,
    encodings: [...encodings],
    result,
  }),
);
