/** Records one event and makes it durable: a process whose system calls are looked at from outside. */
import { createTelemetry } from "@tonearm/sdk";

const telemetry = createTelemetry({
  endpoint: "http://127.0.0.1:9",
  device: "d1",
  directory: process.argv[2]!,
  commitIntervalMs: 10,
});
const durable = new Promise<void>((resolve) => telemetry.on("durable", () => resolve()));
telemetry.record("tick", {});
await durable;
process.stdout.write("DURABLE\n");
await telemetry.close({ timeoutMs: 10 });
