import { describe, expect, it } from "vitest";
import { metadataOf } from "./metadata.ts";
import { sourceOf } from "./uri.ts";
import { changesIn, unescaped } from "./xml.ts";

describe("a notification", () => {
  it("is read through both of its envelopes, whatever its prefixes; of channels only the master's", () => {
    const inner =
      '<Event><InstanceID val="0"><r:A val="1 &amp;lt; 2 &amp;amp; &quot;x&quot;"/><Volume Channel="LF" val="3"/><Volume channel="Master" val="4"/></InstanceID></Event>';
    const escaped = inner.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    expect(changesIn(`<e:property><LastChange>${escaped}</LastChange></e:property>`)).toEqual({
      InstanceID: "0",
      A: '1 &lt; 2 &amp; "x"',
      Volume: "4",
    });
  });

  const BODY = (change: string) => `<e:propertyset><e:property>${change}</e:property></e:propertyset>`;
  it.each([
    ["apostrophes", `<LastChange>&lt;Event>&lt;A val='1 "x"'/&gt;&lt;/Event&gt;</LastChange>`],
    ["blanks around =", `<LastChange>&lt;A val = "1 &amp;quot;x&amp;quot;"/&gt;</LastChange>`],
    ["a prefix", `<e:LastChange xmlns:e="x">&lt;A val="1 &amp;quot;x&amp;quot;"/&gt;</e:LastChange >`],
    ["CDATA", `<LastChange><![CDATA[<Event><A val="1 &quot;x&quot;"/></Event>]]></LastChange>`],
    ["CDATA between blanks", `<LastChange>\n <![CDATA[\n<A val="1 &quot;x&quot;"></A>]]>\n</LastChange>`],
    ["no escapes", `<LastChange><Event><A val="1 &quot;x&quot;"/></Event></LastChange>`],
    [
      "a declaration",
      `<LastChange>&lt;?xml version="1.0"?&gt;&lt;A val="1 &amp;quot;x&amp;quot;"/&gt;</LastChange>`,
    ],
  ])("is read where it is written with %s", (_, change) => {
    expect(changesIn(BODY(change))).toEqual({ A: '1 "x"' });
  });

  it("is read where a value has a tag's end in it, or another value's beginning", () => {
    const change = `<LastChange><![CDATA[<A val="a > b"/><B x='val="9"' val="c"/><res plain val="d">]]></LastChange>`;
    expect(changesIn(change)).toEqual({ A: "a > b", B: "c", res: "d" });
    const didl = `<DIDL-Lite><item><dc:title><![CDATA[AT&T <live>]]></dc:title><res a='>' duration = '0:03:00'>u</res></item></DIDL-Lite>`;
    expect(metadataOf(didl)).toMatchObject({ title: "AT&T <live>", durationMs: 180_000, uri: "u" });
  });

  it.each([
    ["", undefined],
    ["nothing of the kind", undefined],
    ["<LastChange>no event</LastChange>", undefined],
    ["<LastChange>&lt;A val=1/&gt; and no end", undefined],
    ["<LastChange></LastChange>", {}],
    ["<LastChange/>", {}],
    ["<LastChange><Event/></LastChange>", {}],
  ])("that is %j tells %j", (body, changes) => {
    expect(changesIn(body)).toEqual(changes);
  });

  it("of nothing but beginnings takes no more than its length", () => {
    // Quadratic, it would take minutes.
    expect(changesIn(`<LastChange>${"&lt;a ".repeat(150_000)}</LastChange>`)).toBeUndefined();
    expect(changesIn("<LastChange>".repeat(80_000))).toBeUndefined();
    expect(changesIn(`<LastChange>${"&lt;a b=&quot;".repeat(70_000)}</LastChange>`)).toBeUndefined();
    expect(metadataOf("<title a ".repeat(100_000)).title).toBeNull();
  });

  it("keeps what is no entity, and no character", () => {
    expect(unescaped("&amp;lt; &#233;&#xe9; &nbsp; &#9999999;")).toBe("&lt; éé &nbsp; &#9999999;");
  });

  it.each([
    "x-sonosapi-stream:s17553?sid=254&flags=8224&sn=0",
    "http://192.0.2.1/getaa?token=CANARY",
    "stream?partnertok=CANARY",
  ])("has no title that is %s", (title) => {
    const didl = `<DIDL-Lite><item><dc:title>${title.replaceAll("&", "&amp;")}</dc:title></item></DIDL-Lite>`;
    expect(metadataOf(didl).title).toBeNull();
    expect(metadataOf({ Title: title }).title).toBeNull();
  });
});

it("a title may have a colon", () => {
  for (const title of ["Re:Definition", "Mission: Impossible", "50% off?"]) {
    expect(metadataOf({ Title: title }).title).toBe(title);
  }
});

it.each([
  ["x-rincon-queue:RINCON_1#0", "queue", null, "x-rincon-queue"],
  ["x-sonos-spotify:spotify%3atrack%3aABC?sid=9&sn=7", "queue", "spotify", "x-sonos-spotify"],
  ["x-sonosapi-stream:s1?sid=254&sn=0", "radio", "tunein", "x-sonosapi-stream"],
  ["x-sonos-htastream:RINCON_1:spdif", "tv", null, "x-sonos-htastream"],
  ["x-sonos-vli:RINCON_1:2,spotify:abc", "spotify_connect", "spotify", "x-sonos-vli:spotify"],
  ["x-sonos-vli:RINCON_1:1,airplay:abc", "airplay", null, "x-sonos-vli:airplay"],
  ["x-sonos-vli:RINCON_1", "unknown", null, "x-sonos-vli"],
  ["x-rincon:RINCON_1", "group_follower", null, "x-rincon"],
  ["nothing", "unknown", null, null],
])("%s is %s of %s", (uri, source_type, service, evidence) => {
  expect(sourceOf(uri, false)).toMatchObject({ source_type, service, evidence });
});
