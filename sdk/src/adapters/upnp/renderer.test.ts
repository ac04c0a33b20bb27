import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followUpnpRenderer } from "./renderer.ts";

const SERVICE = `<service><serviceType>urn:schemas-upnp-org:service:AVTransport:1</serviceType>
<controlURL>/control</controlURL><eventSubURL>/events</eventSubURL></service>`;
const LAST_CHANGE = (values: string) =>
  `<e:propertyset><e:property><LastChange>${`<Event><InstanceID val="0">${values}</InstanceID></Event>`
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")}</LastChange></e:property></e:propertyset>`;

describe("following a UPnP renderer", () => {
  let server: Server;
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let adapter: Adapter | undefined;
  const asked: string[] = [];
  let callback = "";
  let subscriptions = 0;
  let description = `<root>${SERVICE}</root>`;
  const onTrouble = vi.fn();

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.headers.sid ?? ""}`.trim());
    if (request.method === "SUBSCRIBE") {
      callback = String(request.headers.callback ?? `<${callback}>`).slice(1, -1);
      if (request.headers.callback) subscriptions++;
      response.writeHead(200, { sid: `uuid:${subscriptions}`, timeout: "Second-100" }).end();
    } else if (request.method === "POST") {
      response.end("<s:Envelope><RelTime>0:00:01</RelTime></s:Envelope>");
    } else {
      response.end(description);
    }
  };
  beforeEach(async () => {
    asked.length = 0;
    subscriptions = 0;
    onTrouble.mockClear();
    description = `<root>${SERVICE}</root>`;
    clock = new ManualClock();
    telemetry = new TapedPlays();
    server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    adapter?.close();
    server.closeAllConnections();
    server.close();
  });
  const location = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/description.xml`;
  const follow = () => {
    adapter = followUpnpRenderer({ telemetry, clock, player_id: "r", location: location(), onTrouble });
  };
  const notify = (body: string, url = callback) => fetch(url, { method: "NOTIFY", body });
  /** A notification with its number, of this subscription. */
  const send = async (seq: number, values: string, sid = "uuid:1") => {
    const headers = { sid, seq: String(seq) };
    return (await fetch(callback, { method: "NOTIFY", body: LAST_CHANGE(values), headers })).status;
  };
  const heard = (what: string, times = 1) =>
    vi.waitFor(() => expect(asked.filter((each) => each === what)).toHaveLength(times));

  it("subscribes, renews in time, and takes notifications from whoever knows its address only", async () => {
    follow();
    await heard("SUBSCRIBE");
    const change = LAST_CHANGE(
      '<TransportState val="PLAYING"/><CurrentTrackURI val="http://192.0.2.9/CANARY"/>',
    );
    expect((await notify(change, new URL("/guessed", callback).href)).status).toBe(404);
    expect((await notify(change)).status).toBe(200);
    await clock.advance(1_000);
    await heard("POST");
    await vi.waitFor(() => expect(telemetry.sources).toHaveLength(1));
    await clock.advance(49_000);
    await heard("SUBSCRIBE uuid:1");
    adapter!.close();
    await heard("UNSUBSCRIBE uuid:1");
    expect(telemetry.plays).toMatchObject([{ reason_start: "playbtn", source_type: "radio" }]);
    expect(telemetry.text).not.toMatch(/CANARY|192\.0|127\.0/);
    expect(onTrouble).not.toHaveBeenCalled();
  });

  it("tries again for ever what it cannot read, and tells of it once, without an address", async () => {
    description = "<root/>";
    follow();
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalledTimes(1));
    while (asked.length < 4) await clock.advance(1_000);
    description = `<root>${SERVICE}</root>`;
    while (!asked.includes("SUBSCRIBE")) await clock.advance(1_000);
    expect(onTrouble.mock.calls).toEqual([
      ["the renderer is lost (its description has no AVTransport); trying again"],
    ]);
  });

  it("tells why a renderer cannot be reached, without saying where it is", async () => {
    const url = location();
    server.close();
    await once(server, "close");
    adapter = followUpnpRenderer({ telemetry, clock, player_id: "r", location: url, onTrouble });
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalled());
    expect(onTrouble.mock.calls).toEqual([
      ["the renderer is lost (GET failed (ECONNREFUSED)); trying again"],
    ]);
  });

  const ITEM = (name: string) =>
    `<CurrentTrackURI val="http://192.0.2.9/${name}"/><CurrentTrackDuration val="0:03:00"/>`;

  it("takes notifications in the order in which they were sent, and of its subscription only", async () => {
    follow();
    await heard("SUBSCRIBE");
    expect(await send(0, `<TransportState val="PLAYING"/>${ITEM("1")}`)).toBe(200);
    await clock.advance(2_000);
    expect(await send(2, `<TransportState val="STOPPED"/>`)).toBe(200);
    expect(await send(1, ITEM("2"))).toBe(200);
    expect(await send(1, `<TransportState val="PLAYING"/>${ITEM("1")}`)).toBe(200);
    expect(await send(3, `<TransportState val="PLAYING"/>`, "uuid:other")).toBe(412);
    adapter!.close();
    expect(telemetry.plays.map(({ ms_played, reason_end }) => [ms_played, reason_end])).toEqual([
      [2_000, "clickrow"],
      [0, "endplay"],
    ]);
  });

  it("subscribes again where a notification is missing, which ends no play, and not for each of them", async () => {
    follow();
    await heard("SUBSCRIBE");
    await send(0, `<TransportState val="PLAYING"/>${ITEM("1")}`);
    await clock.advance(2_000);
    await send(2, `<NumberOfTracks val="9"/>`);
    await clock.advance(1_000);
    await heard("UNSUBSCRIBE uuid:1");
    await heard("SUBSCRIBE", 2);
    expect(await send(3, `<TransportState val="STOPPED"/>`, "uuid:1")).toBe(412);
    await vi.waitFor(async () => expect(await send(0, ITEM("1"), "uuid:2")).toBe(200));
    await send(9, `<NumberOfTracks val="7"/>`, "uuid:2");
    await clock.advance(2_000);
    adapter!.close();
    await heard("UNSUBSCRIBE uuid:2");
    expect(telemetry.plays).toMatchObject([{ ms_played: 5_000, reason_end: "unknown" }]);
    expect(asked.filter((each) => each === "SUBSCRIBE")).toHaveLength(2);
    expect(onTrouble.mock.calls).toEqual([["a notification of the renderer is missing; subscribing again"]]);
  });

  it("tells of a notification that it cannot read, once until it can read one again", async () => {
    follow();
    await heard("SUBSCRIBE");
    for (const body of ["<LastChange>CANARY", "CANARY", LAST_CHANGE(""), "CANARY"]) {
      expect((await notify(body)).status).toBe(200);
    }
    const line = "a notification of the renderer cannot be read (it has no LastChange with values)";
    expect(onTrouble.mock.calls).toEqual([[line], [line]]);
  });

  it("takes no notification without an end", async () => {
    follow();
    await heard("SUBSCRIBE");
    await expect(notify("x".repeat(2_000_000))).rejects.toThrow();
    expect((await notify(LAST_CHANGE(""))).status).toBe(200);
  });
});

it("a location that is none is refused, and not repeated", () => {
  const options = { telemetry: new TapedPlays(), player_id: "r", location: "CANARY" };
  expect(() => followUpnpRenderer(options)).toThrow("option location is");
  expect(() => followUpnpRenderer(options)).not.toThrow("CANARY");
});
