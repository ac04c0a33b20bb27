/** A real UPnP renderer (gmediarender) and a control point that drives it, in the network namespace of `renderer-session.sh`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { until } from "./devices.ts";
import { toneOf } from "./tones.ts";

const ADDRESS = "10.99.0.1";
const RENDERER = `http://${ADDRESS}:49494`;
const FILES = `http://${ADDRESS}:8088/CANARY`;
const TRANSPORT = "urn:schemas-upnp-org:service:AVTransport:1";

export interface Renderer {
  /** Where its description is. */
  readonly location: string;
  start(): Promise<void>;
  /** Ends it, as a crash would. */
  kill(): Promise<void>;
  act(action: "Play" | "Pause" | "Stop" | "Seek", args?: Readonly<Record<string, string>>): Promise<void>;
  /** Puts a tone on, or in line behind it: `three` seconds, `long`, `broken`, `missing`. */
  set(tone: string): Promise<void>;
  setNext(tone: string): Promise<void>;
  /** Puts a station on. */
  setStation(uri: string): Promise<void>;
  play(): Promise<void>;
}

/** @param directory its own, for what it writes. */
export async function startRenderer(directory: string): Promise<Renderer> {
  await serveTones();
  let child: ChildProcess | undefined;
  const set = (uri: string, metadata: string) =>
    act("SetAVTransportURI", { CurrentURI: uri, CurrentURIMetaData: metadata });
  const renderer: Renderer = {
    location: `${RENDERER}/description.xml`,
    async start() {
      const sink = "audioconvert ! audioresample ! fakesink sync=true";
      const args = ["-I", "spk0", "-p", "49494", "-f", "Loopback", "-o", "gst", `--gstout-audiopipe=${sink}`];
      child = spawn("gmediarender", args, { stdio: "ignore", cwd: directory });
      const answers = () =>
        fetch(renderer.location).then(
          ({ ok }) => ok,
          () => false,
        );
      await until("the renderer to answer", answers, 60_000);
    },
    async kill() {
      const gone = once(child!, "exit");
      child!.kill("SIGKILL");
      await gone;
    },
    act,
    set: (tone) => set(uriOf(tone), didlOf(`Tone ${tone}`, "musicTrack", uriOf(tone))),
    setNext: (tone) =>
      act("SetNextAVTransportURI", {
        NextURI: uriOf(tone),
        NextURIMetaData: didlOf(`Tone ${tone}`, "musicTrack", uriOf(tone)),
      }),
    setStation: (uri) => set(uri, didlOf("Loopback FM", "audioBroadcast", uri)),
    play: () => act("Play", { Speed: "1" }),
  };
  await renderer.start();
  return renderer;
}

async function serveTones(): Promise<void> {
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
}

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

const didlOf = (title: string, kind: string, uri: string) =>
  `<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/"><item id="1" parentID="0" restricted="1"><dc:title>${title}</dc:title><dc:creator>Ünïcode &amp; Sons</dc:creator><upnp:class>object.item.audioItem.${kind}</upnp:class><res protocolInfo="http-get:*:audio/wav:*">${escaped(uri)}</res></item></DIDL-Lite>`;
