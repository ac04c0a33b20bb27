/** A companion of an MPD as a process of its own, so that it can be killed. Arguments: endpoint, directory, port of MPD. */
import { join } from "node:path";
import { fileNotes } from "@tonearm/sdk/adapters/file-notes";
import { followMpd } from "@tonearm/sdk/adapters/mpd";
import { hurriedTelemetry } from "../support/devices.ts";

const [endpoint = "", directory = "", port] = process.argv.slice(2);
const telemetry = hurriedTelemetry({
  endpoint,
  device: "companion",
  directory: join(directory, "telemetry"),
});
followMpd({
  telemetry,
  player_id: "mpd",
  port: Number(port),
  notes: fileNotes(join(directory, "open-play.json")),
});
telemetry.on("accepted", ({ throughSeq }) => console.log(`accepted ${throughSeq}`));
console.log("ready");
