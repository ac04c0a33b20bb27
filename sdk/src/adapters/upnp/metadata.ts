import { wordOf } from "../words-of-items.ts";
import { attributeOf, textOf } from "./xml.ts";

/** What DIDL-Lite says of an item. */
export interface Metadata {
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  /** Such as `object.item.audioItem.musicTrack`. */
  readonly upnpClass: string | null;
  readonly durationMs: number | null;
  /** The item's own address. It stays here. */
  readonly uri: string;
}

/** Metadata as `@svrooij/sonos` has parsed it. */
interface ParsedTrack {
  readonly Title?: string;
  readonly Artist?: string;
  readonly Album?: string;
  readonly UpnpClass?: string;
  readonly Duration?: string;
  readonly TrackUri?: string;
}

const NONE: Metadata = {
  title: null,
  artist: null,
  album: null,
  upnpClass: null,
  durationMs: null,
  uri: "",
};

/** @param value DIDL-Lite as text, or what `@svrooij/sonos` made of it. */
export function metadataOf(value: unknown): Metadata {
  if (typeof value === "string" && value.includes("<")) {
    return {
      title: wordOf(textOf(value, "title")),
      artist: wordOf(textOf(value, "creator") || textOf(value, "artist")),
      album: wordOf(textOf(value, "album")),
      upnpClass: textOf(value, "class") || null,
      durationMs: durationOf(attributeOf(value, "res", "duration")),
      uri: textOf(value, "res") ?? "",
    };
  }
  if (typeof value !== "object" || value === null) return NONE;
  const { Title, Artist, Album, UpnpClass, Duration, TrackUri } = value as ParsedTrack;
  return {
    title: wordOf(Title),
    artist: wordOf(Artist),
    album: wordOf(Album),
    upnpClass: typeof UpnpClass === "string" ? UpnpClass : null,
    durationMs: durationOf(Duration),
    uri: typeof TrackUri === "string" ? TrackUri : "",
  };
}

/** Of `H:MM:SS` with an optional fraction; null for 0, and for what is not implemented. */
export function durationOf(text: unknown): number | null {
  return positionOf(text) || null;
}

/** As `durationOf`, and 0 is 0. */
export function positionOf(text: unknown): number | undefined {
  const [, hours, minutes, seconds] =
    /^(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,6})?)$/.exec(String(text)) ?? [];
  if (seconds === undefined) return undefined;
  return Math.round((Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000);
}
