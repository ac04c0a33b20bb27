import type { ItemWords } from "../sighting.ts";
import type { Metadata } from "./metadata.ts";
import { isAdvertisement, itemUriOf, type UriSource } from "./uri.ts";

/** What the words of an item are made of. */
interface Known {
  readonly uri: string;
  readonly source: UriSource;
  /** Whether it has no end of its own: what it plays at the moment is not what was played. */
  readonly livestream: boolean;
  /** What is told of the item now. */
  readonly track: Metadata;
  /** What was told when it was put on: of a station its name. */
  readonly station: Metadata;
  /** What it is part of. */
  readonly container: Metadata;
}

/** What the stream is told of an item. */
export function wordsOf({ uri, source, livestream, track, station, container }: Known): ItemWords {
  const { source_type, service, item_uri } = source;
  const isRadio = source_type === "radio";
  const name = isRadio ? (container.title ?? station.title) : station.title;
  const words = livestream ? { title: name, artist: null, album: null } : track;
  return {
    source_type,
    service,
    item_uri: item_uri ?? (livestream ? null : itemUriOf(track.uri)),
    content_type: livestream && isRadio ? "station" : contentTypeOf(uri, track),
    title: words.title,
    artist: words.artist,
    album: words.album,
    container_type: isRadio ? "station" : containerTypeOf(container.upnpClass),
    container_name: container.title,
  };
}

function contentTypeOf(uri: string, track: Metadata): NonNullable<ItemWords["content_type"]> {
  const isAdvert = [uri, track.uri].some(isAdvertisement) || /^advertisement$/i.test(track.title ?? "");
  if (isAdvert) return "advertisement";
  const { upnpClass } = track;
  if (upnpClass === null) return "unknown";
  if (upnpClass.includes(".musicTrack")) return "track";
  if (upnpClass.includes(".audioBook")) return "audiobook_chapter";
  return /podcast|episode/i.test(upnpClass) ? "episode" : "unknown";
}

function containerTypeOf(upnpClass: string | null): string | null {
  const [, kind = null] = /^object\.container\.(album|playlist|genre|person)/.exec(upnpClass ?? "") ?? [];
  return kind;
}
