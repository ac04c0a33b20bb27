/** A companion of a player as a process of its own, so that it can be killed. Arguments: endpoint, directory, kind and place of the player. */
import { join } from "node:path";
import { fileNotes } from "@tonearm/sdk/adapters/file-notes";
import { followMpd } from "@tonearm/sdk/adapters/mpd";
import { followMpris } from "@tonearm/sdk/adapters/mpris";
import { followUpnpRenderer } from "@tonearm/sdk/adapters/upnp";
import dbus from "dbus-next";
import { COMPANION, type PlayerKind } from "../support/companions.ts";
import { hurriedTelemetry } from "../support/devices.ts";

const [endpoint = "", directory = "", kind = "", where = ""] = process.argv.slice(2);
const telemetry = hurriedTelemetry({
  endpoint,
  device: `${COMPANION}-${kind}`,
  directory: join(directory, "telemetry"),
});
const options = {
  telemetry,
  player_id: kind,
  notes: fileNotes(join(directory, "open-play.json")),
};
const follow: Readonly<Record<PlayerKind, () => unknown>> = {
  mpd: () => followMpd({ ...options, port: Number(where) }),
  mpris: () => followMpris({ ...options, bus: dbus.sessionBus({ busAddress: where }), name: "mpv" }),
  upnp: () => followUpnpRenderer({ ...options, location: where }),
};
follow[kind as PlayerKind]();
console.log("ready");
