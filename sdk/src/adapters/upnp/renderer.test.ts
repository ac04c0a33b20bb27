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
  let description = `<root>${SERVICE}</root>`;
  const onTrouble = vi.fn();

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    asked.push(`${request.method} ${request.headers.sid ?? ""}`.trim());
    if (request.method === "SUBSCRIBE") {
      callback = String(request.headers.callback ?? `<${callback}>`).slice(1, -1);
      response.writeHead(200, { sid: "uuid:1", timeout: "Second-100" }).end();
    } else if (request.method === "POST") {
      response.end("<s:Envelope><RelTime>0:00:01</RelTime></s:Envelope>");
    } else {
      response.end(description);
    }
  };
  beforeEach(async () => {
    asked.length = 0;
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
