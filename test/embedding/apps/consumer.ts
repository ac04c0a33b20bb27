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
import { fileNotes } from "@tonearm/sdk/adapters/file-notes";
import { followMpd } from "@tonearm/sdk/adapters/mpd";
import { followMpris, type MessageBus } from "@tonearm/sdk/adapters/mpris";
import { type Item, PlayTracker } from "@tonearm/sdk/adapters/play-tracker";
import { followSonos, type SonosPlayer } from "@tonearm/sdk/adapters/sonos";
import { followUpnpRenderer } from "@tonearm/sdk/adapters/upnp";
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

const item: Item = { key: "1", durationMs: null, words: { title: "Étude", source_type: "queue" } };
new PlayTracker({ telemetry, player_id: "p" }).see({ state: "playing", item });
export const adapters = (bus: MessageBus, device: SonosPlayer) => [
  followMpd({ telemetry, player_id: "p", notes: fileNotes("open-play.json"), updateIntervalMs: 30_000 }),
  followMpris({ telemetry, player_id: "p", bus, name: "mpv" }),
  followSonos({ telemetry, device }),
  // @ts-expect-error A renderer's address must be told.
  followUpnpRenderer({ telemetry, player_id: "p" }),
];

export const seen = [recorded, storedEvents, dropped.store_full ?? 0, closed, clock, FileLog, TonearmError];
