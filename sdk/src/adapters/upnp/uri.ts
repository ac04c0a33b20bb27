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
  /** The address of the station that it belongs to. */
  readonly station?: string;
}

/** What a player was given, which may be more than what it plays of it at the moment. */
export interface Whole {
  /** `AVTransportURI`: a queue, a station, a session of another application, or the item itself. */
  readonly transport: string;
  /** Sonos: what was put into the queue, or the station. */
  readonly enqueued: string;
}

const SOURCES: Readonly<Record<string, SourceType>> = {
  "x-rincon-queue": "queue",
  "x-sonos-spotify": "queue",
  "x-sonos-http": "queue",
  "x-sonosprog-http": "queue",
  "x-sonosapi-hls-static": "queue",
  "x-file-cifs": "queue",
  "x-sonosapi-stream": "radio",
  "x-sonosapi-radio": "radio",
  "x-sonosapi-hls": "radio",
  "x-rincon-mp3radio": "radio",
  "hls-radio": "radio",
  aac: "radio",
  pndrradio: "radio",
  pndrradioad: "radio",
  "x-rincon-stream": "line_in",
  "x-sonos-htastream": "tv",
  "x-rincon": "group_follower",
  "x-rincon-buzzer": "alarm",
};
/** What `x-sonos-vli` has behind its last colon. */
const VIRTUAL: Readonly<Record<string, SourceType>> = { airplay: "airplay", spotify: "spotify_connect" };
/** Numbers of music services, as Sonos gives them; any other is told as its number. */
const SERVICES: Readonly<Record<string, string>> = { 9: "spotify", 12: "spotify", 254: "tunein" };
const NOTHING: Whole = { transport: "", enqueued: "" };

/**
 * What an item comes from: its own address tells, and what it is part of, where its own could be anybody's.
 * @param isLive whether it has no length: a plain address is then a radio's.
 */
export function sourceOf(uri: string, isLive: boolean, whole: Whole = NOTHING): UriSource {
  const own = ownSourceOf(uri, isLive);
  const session = own.source_type === "queue" ? sessionOf(whole.transport, own) : undefined;
  if (session) return { ...own, source_type: session.source_type, evidence: session.evidence };
  const station = own.source_type === "queue" || own.source_type === "radio" ? stationOf(whole) : undefined;
  if (station === undefined) return own;
  const { service, evidence } = ownSourceOf(station, true);
  return {
    ...own,
    source_type: "radio",
    service: service ?? own.service,
    evidence: own.source_type === "radio" ? own.evidence : evidence,
    station,
  };
}

/** The station that a player was given, if it was one. */
export function stationOf({ enqueued, transport }: Whole): string | undefined {
  const uri = enqueued || transport;
  return SOURCES[schemeOf(uri) ?? ""] === "radio" ? uri : undefined;
}

/**
 * Whether a station plays an item of its own there, and not what it sends to everybody at this moment.
 * @param isTimed whether the item has a length.
 */
export function isPiece(uri: string, station: string | undefined, isTimed: boolean): boolean {
  if (station === undefined || uri === station) return false;
  if (ownSourceOf(uri, !isTimed).source_type === "queue" || isAdvertisement(uri)) return true;
  return isTimed && schemeOf(uri) === "x-sonosapi-radio";
}

/** Whether all items of the source have this one address. */
export const isVirtual = (uri: string): boolean => schemeOf(uri) === "x-sonos-vli";

/** The public name of an item of Spotify's. */
export function itemUriOf(uri: string): string | null {
  const [, kind, id] = /spotify(?::|%3a)(track|episode)(?::|%3a)(\w{1,64})/i.exec(uri) ?? [];
  return schemeOf(uri) === "x-sonos-spotify" && id !== undefined ? `spotify:${kind}:${id}` : null;
}

/** Whether its address says that it is an advertisement. */
export const isAdvertisement = (uri: string): boolean =>
  schemeOf(uri) === "pndrradioad" || /^x-sonos-spotify:spotify(?::|%3a)ad(?::|%3a)/i.test(uri);

function ownSourceOf(uri: string, isLive: boolean): UriSource {
  const scheme = schemeOf(uri);
  if (isVirtual(uri)) {
    const [, code = ""] = /:\d+,(\w{1,32})/.exec(uri) ?? [];
    const source_type = VIRTUAL[code] ?? "unknown";
    const service = source_type === "spotify_connect" ? "spotify" : null;
    const evidence = code === "" ? scheme : `${scheme}:${code}`;
    return { source_type, service, evidence, item_uri: null };
  }
  const plain = scheme === "http" || scheme === "https" ? (isLive ? "radio" : "queue") : "unknown";
  return {
    source_type: SOURCES[scheme ?? ""] ?? plain,
    service: scheme === "x-sonos-spotify" ? "spotify" : serviceOf(uri),
    evidence: scheme,
    item_uri: itemUriOf(uri),
  };
}

/** The session of another application that a track with an address of its own is played in. */
function sessionOf(transport: string, { service }: UriSource): UriSource | undefined {
  if (isVirtual(transport)) return ownSourceOf(transport, false);
  // Newer players call it a queue.
  const isConnect = /^x-rincon-queue:[^#]{0,128}#vli$/.test(transport) && service === "spotify";
  return isConnect
    ? { ...ownSourceOf(transport, false), source_type: "spotify_connect", evidence: "x-rincon-queue:vli" }
    : undefined;
}

function serviceOf(uri: string): string | null {
  const sid = /[?&]sid=(\d{1,6})/.exec(uri)?.[1];
  return sid === undefined ? null : (SERVICES[sid] ?? `sid:${sid}`);
}
