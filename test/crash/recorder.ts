/** A process that records and says what became durable, until it is killed. Arguments: directory, relay. */
import { createTelemetry } from "@tonearm/sdk";

const [directory = "", endpoint = ""] = process.argv.slice(2);
const telemetry = createTelemetry({
  endpoint,
  device: "d1",
  directory,
  commitIntervalMs: 5,
  flushIntervalMs: 20,
  backoffBaseMs: 20,
  freeBytesMin: 0,
});
telemetry.on("error", () => undefined);
telemetry.on("durable", ({ epoch, throughSeq }) => process.send!({ epoch, throughSeq }));
setInterval(() => {
  for (let i = 0; i < 20; i++) telemetry.record("tick", { i, text: "x".repeat(i * 40) });
}, 1);
