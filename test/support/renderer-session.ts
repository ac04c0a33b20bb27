/**
 * What a listener does with a real UPnP renderer, and the adapter beside it, in a network namespace of their own: nothing of it
 * reaches a real network. No relay can be reached from in here; what is recorded stays in the directory.
 * Run by `renderer-session.sh`. Arguments: the directory, and the session.
 */
import { join } from "node:path";
import { followUpnpRenderer } from "@tonearm/sdk/adapters/upnp";
import { noteOf, startCompanion } from "./companions.ts";
import { hurriedTelemetry, until } from "./devices.ts";
import { startMpd, tone } from "./mpd.ts";
import { startRenderer } from "./renderer.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

const [directory = "", session = ""] = process.argv.slice(2);
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const renderer = await startRenderer(directory);

function follow() {
  const telemetry = hurriedTelemetry({
    endpoint: NOWHERE,
    device: "renderer",
    directory: join(directory, "telemetry"),
  });
  const adapter = followUpnpRenderer({
    telemetry,
    player_id: "renderer",
    location: renderer.location,
    onTrouble: (message) => console.log(`trouble: ${message}`),
  });
  const end = async () => {
    adapter.close();
    await telemetry.close({ timeoutMs: 100 });
  };
  return { telemetry, adapter, end };
}

const { act, play, set, setNext } = renderer;

const SESSIONS: Readonly<Record<string, () => Promise<void>>> = {
  async listening() {
    const { telemetry, end } = follow();
    await pass(500);
    await set("three");
    await play();
    await pass(1_200);
    await act("Pause");
    await pass(600);
    await play();
    await setNext("long");
    await pass(3_500); // the end of the first, and into the next
    await act("Seek", { Unit: "REL_TIME", Target: "0:00:12" });
    await pass(1_000);
    await set("three"); // in the place of what plays, which takes it a second
    await play();
    await pass(2_400);
    await act("Stop");
    await set("broken");
    await play();
    await pass(1_500);
    await set("missing");
    await play();
    await pass(1_500);
    await act("Stop");
    await set("long");
    await play();
    await pass(2_500);
    await renderer.kill();
    await until("the adapter to see it", () => telemetry.stats().recorded === 5, 20_000);
    await renderer.start();
    await pass(3_000); // the adapter is back
    await set("three");
    await play();
    await pass(2_000);
    await end();
  },

  /** Skipped by the application, repeated by it, a station, and back. */
  async switching() {
    const { adapter, end } = follow();
    const station = await startMpd(true);
    await station.tell(`add "${tone("long")}"`, "play");
    await pass(500);
    await set("long");
    await play();
    await pass(1_500);
    adapter.because({ end: "fwdbtn", start: "fwdbtn" });
    await set("three");
    await play();
    await setNext("three"); // gapless, the same once more
    await pass(7_000);
    await set("three"); // and after its end
    await play();
    await pass(4_500);
    await renderer.setStation(station.streamUrl);
    await play();
    await pass(4_000);
    await set("long");
    await play();
    await pass(1_500);
    await act("Stop");
    await pass(300);
    await end();
    await station.kill();
  },

  /** The companion crashes; the next one tells. */
  async companion() {
    const companion = () => startCompanion(NOWHERE, directory, "upnp", renderer.location);
    const first = await companion();
    await pass(500);
    await set("long");
    await play();
    await until("the play to be noted", async () => (await noteOf(directory)).includes("Tone long"));
    await pass(500);
    await first.kill();
    await act("Stop");
    for (let life = 2; life <= 3; life++) {
      const next = await companion();
      await until("the note to be gone", async () => (await noteOf(directory)) === "");
      await next.kill();
    }
  },
};

await SESSIONS[session]!();
await renderer.kill();
process.exit(0);
