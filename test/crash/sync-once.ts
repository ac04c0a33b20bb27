/** Records one event and makes it durable: a process whose system calls are looked at from outside. */
import { createTelemetry } from "@tonearm/sdk";

const telemetry = createTelemetry({
  endpoint: "http://127.0.0.1:9",
  device: "d1",
  directory: process.argv[2]!,
  commitIntervalMs: 10,
});
telemetry.on("durable", () => process.stdout.write("DURABLE\n"));
telemetry.record("tick", {});
const { durable } = await telemetry.close({ timeoutMs: 10 });
process.exitCode = durable ? 0 : 1;
