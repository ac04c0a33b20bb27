/** A stranger's application, for the compiler: everything that the SDK publishes a type for. */
import {
  createTelemetry,
  defineEvents,
  type FlushResult,
  type PlayEvent,
  type RecordResult,
  type TelemetryEvents,
  type TelemetryStats,
  TonearmError,
} from "@tonearm/sdk";
import { FileLog } from "@tonearm/sdk/file-log";
import { type Clock, systemClock } from "@tonearm/sdk/ports";
import { BATCHES_PATH } from "@tonearm/sdk/wire";
import { z } from "zod";

const play: PlayEvent = {
  started_at: "2026-11-22T19:45:00Z",
  ended_at: null,
  ms_played: 0,
  report_type: "update",
};
const events = defineEvents({ button: z.object({ name: z.string(), presses: z.number().default(1) }) });
const telemetry = createTelemetry({
  endpoint: `http://127.0.0.1:8470${BATCHES_PATH}`,
  device: "kitchen",
  directory: false,
  events,
});

const recorded: RecordResult = telemetry.record("button", { name: "play" });
telemetry.play(play);
// @ts-expect-error There is no such type of event.
telemetry.record("buttom", { name: "play" });
// @ts-expect-error The schema wants a text.
telemetry.record("button", { name: 1 });
// @ts-expect-error There is no such news.
telemetry.on("durabel", () => undefined);

const stop: () => void = telemetry.on(
  "drop",
  ({ count, reason }: TelemetryEvents["drop"]) => void [count, reason],
);
stop();
const { storedEvents, dropped }: TelemetryStats = telemetry.stats();
const closed: Promise<FlushResult> = telemetry.close({ timeoutMs: 100 });
const clock: Clock = systemClock;

export const seen = [recorded, storedEvents, dropped.store_full ?? 0, closed, clock, FileLog, TonearmError];
