/** The smallest application there is in a page: records, closes, says what became of it. The address says where to. */
import { createTelemetry } from "@tonearm/sdk";

const { endpoint, device } = Object.fromEntries(new URLSearchParams(location.search));
const telemetry = createTelemetry({ endpoint, device });
for (let i = 0; i < 20; i++) telemetry.record("tick", { i });
const { durable } = await telemetry.ready;
const result = await telemetry.close({ timeoutMs: 30_000 });
globalThis.said = { epoch: telemetry.epoch, durable, result };
