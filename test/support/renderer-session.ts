/**
 * A real UPnP renderer (gmediarender), a control point that drives it, and the adapter, in a network namespace of their own:
 * nothing of it reaches a real network. No relay can be reached from in here; what is recorded stays in the directory.
 * Run by `renderer-session.sh`. Argument: the directory.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { followUpnpRenderer } from "@tonearm/sdk/adapters/upnp";
import { hurriedTelemetry, until } from "./devices.ts";
import { toneOf } from "./tones.ts";

const ADDRESS = "10.99.0.1";
const RENDERER = `http://${ADDRESS}:49494`;
const FILES = `http://${ADDRESS}:8088/CANARY`;
const TRANSPORT = "urn:schemas-upnp-org:service:AVTransport:1";

const [directory = ""] = process.argv.slice(2);
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const tones: Readonly<Record<string, Buffer>> = {
  "/CANARY/three.wav": toneOf(3),
  "/CANARY/long.wav": toneOf(20),
  "/CANARY/broken.wav": Buffer.from("not audio at all"),
};
const files = createServer((request, response) => {
  const tone = tones[(request.url ?? "").split("?")[0]!];
  if (!tone) response.writeHead(404).end();
  else response.writeHead(200, { "content-type": "audio/wav", "content-length": tone.length }).end(tone);
});
files.listen(8_088, ADDRESS);
await once(files, "listening");

const sink = "audioconvert ! audioresample ! fakesink sync=true";
const startRenderer = async () => {
  const args = ["-I", "spk0", "-p", "49494", "-f", "Loopback", "-o", "gst", `--gstout-audiopipe=${sink}`];
  const child = spawn("gmediarender", args, { stdio: "ignore", cwd: directory });
  const answers = () =>
    fetch(`${RENDERER}/description.xml`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until("the renderer to answer", answers, 60_000);
  return child;
};

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
async function act(action: string, args: Readonly<Record<string, string>> = {}): Promise<void> {
  const inner = Object.entries(args).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
  const call = `<u:${action} xmlns:u="${TRANSPORT}"><InstanceID>0</InstanceID>${inner.join("")}</u:${action}>`;
  const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${call}</s:Body></s:Envelope>`;
  const answer = await fetch(`${RENDERER}/upnp/control/rendertransport1`, {
    method: "POST",
    headers: { "content-type": 'text/xml; charset="utf-8"', soapaction: `"${TRANSPORT}#${action}"` },
    body: envelope,
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
}
const uriOf = (tone: string) => `${FILES}/${tone}.wav?token=CANARY`;
const didl = (tone: string) =>
  `<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/"><item id="1" parentID="0" restricted="1"><dc:title>Tone ${tone}</dc:title><dc:creator>Ünïcode &amp; Sons</dc:creator><upnp:class>object.item.audioItem.musicTrack</upnp:class><res protocolInfo="http-get:*:audio/wav:*">${escaped(uriOf(tone))}</res></item></DIDL-Lite>`;
const set = (tone: string) =>
  act("SetAVTransportURI", { CurrentURI: uriOf(tone), CurrentURIMetaData: didl(tone) });
const play = () => act("Play", { Speed: "1" });

const telemetry = hurriedTelemetry({
  endpoint: "http://127.0.0.1:9",
  device: "renderer",
  directory: join(directory, "telemetry"),
});
let renderer = await startRenderer();
const adapter = followUpnpRenderer({
  telemetry,
  player_id: "renderer",
  location: `${RENDERER}/description.xml`,
  onTrouble: (message) => console.log(`trouble: ${message}`),
});
await pass(500);
await set("three");
await play();
await pass(1_200);
await act("Pause");
await pass(600);
await play();
await act("SetNextAVTransportURI", { NextURI: uriOf("long"), NextURIMetaData: didl("long") });
await pass(3_500); // the end of the first, and into the next
await act("Seek", { Unit: "REL_TIME", Target: "0:00:12" });
await pass(1_000);
await set("three"); // in the place of what plays
await play();
await pass(1_000);
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
const gone = once(renderer, "exit");
renderer.kill("SIGKILL");
await gone;
await until("the adapter to see it", () => telemetry.stats().recorded === 5, 20_000);
renderer = await startRenderer();
await pass(3_000); // the adapter is back
await set("three");
await play();
await pass(2_000);
adapter.close();
console.log(JSON.stringify(await telemetry.close({ timeoutMs: 100 })));
renderer.kill("SIGKILL");
process.exit(0);
