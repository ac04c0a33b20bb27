/**
 * A process that records and says what became durable, until it is killed. Arguments: directory, relay; for a control `recorded`,
 * which calls durable what is only in memory.
 */
import { createTelemetry } from "@tonearm/sdk";

const [directory = "", endpoint = "", mode = ""] = process.argv.slice(2);
const isControl = mode === "recorded";
const telemetry = createTelemetry({
  endpoint,
  device: "d1",
  directory,
  commitIntervalMs: isControl ? 10_000 : 5,
  flushIntervalMs: 20,
  backoffBaseMs: 20,
  freeBytesMin: 0,
});
telemetry.on("error", () => undefined);
if (!isControl) telemetry.on("durable", ({ epoch, throughSeq }) => process.send!({ epoch, throughSeq }));
const recordSome = () => {
  for (let i = 0; i < 20; i++) telemetry.record("tick", { i, text: "x".repeat(i * 40) });
};
const recordOne = () => {
  const result = telemetry.record("tick", {});
  if (result.status === "recorded") process.send!({ epoch: result.epoch, throughSeq: result.seq });
};
// What a control records must not fill a commit before its time.
setInterval(isControl ? recordOne : recordSome, isControl ? 20 : 1);
