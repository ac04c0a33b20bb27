import type { SourceType } from "../../vocabulary/play.ts";
import { schemeOf } from "../words-of-items.ts";

/** What may be told of a URI. */
export interface UriSource {
  readonly source_type: SourceType;
  readonly service: string | null;
  /** Its scheme, and of a virtual line-in what is behind it. */
  readonly evidence: string | null;
  /** The public name of the item, if it has one. */
  readonly item_uri: string | null;
}

const SOURCES: Readonly<Record<string, SourceType>> = {
  "x-rincon-queue": "queue",
  "x-sonos-spotify": "queue",
  "x-sonos-http": "queue",
  "x-sonosapi-hls-static": "queue",
  "x-file-cifs": "queue",
  "x-sonosapi-stream": "radio",
  "x-sonosapi-radio": "radio",
  "x-sonosapi-hls": "radio",
  "x-rincon-mp3radio": "radio",
  "hls-radio": "radio",
  aac: "radio",
  "x-rincon-stream": "line_in",
  "x-sonos-htastream": "tv",
  "x-rincon": "group_follower",
};
/** What `x-sonos-vli` has behind its last colon. */
const VIRTUAL: Readonly<Record<string, SourceType>> = { airplay: "airplay", spotify: "spotify_connect" };
/** Numbers of music services, as Sonos gives them; any other is told as its number. */
const SERVICES: Readonly<Record<string, string>> = { 9: "spotify", 12: "spotify", 254: "tunein" };

/** @param isLive whether it has no length: a plain address is then a radio's. */
export function sourceOf(uri: string, isLive: boolean): UriSource {
  const scheme = schemeOf(uri);
  const spotify = /spotify(?::|%3a)(track|episode)(?::|%3a)(\w{1,64})/i.exec(uri);
  const item_uri = scheme === "x-sonos-spotify" && spotify ? `spotify:${spotify[1]}:${spotify[2]}` : null;
  if (scheme === "x-sonos-vli") {
    const [, code = ""] = /:\d+,(\w{1,32})/.exec(uri) ?? [];
    const source_type = VIRTUAL[code] ?? "unknown";
    const service = source_type === "spotify_connect" ? "spotify" : null;
    return { source_type, service, evidence: code === "" ? scheme : `${scheme}:${code}`, item_uri: null };
  }
  const plain = scheme === "http" || scheme === "https" ? (isLive ? "radio" : "queue") : "unknown";
  return {
    source_type: SOURCES[scheme ?? ""] ?? plain,
    service: scheme === "x-sonos-spotify" ? "spotify" : serviceOf(uri),
    evidence: scheme,
    item_uri,
  };
}

function serviceOf(uri: string): string | null {
  const sid = /[?&]sid=(\d{1,6})/.exec(uri)?.[1];
  return sid === undefined ? null : (SERVICES[sid] ?? `sid:${sid}`);
}
