/** A Sonos player that notifies of what a test says, as `@svrooij/sonos` parses it, and the adapter that follows it. */

import { SonosDevice } from "@svrooij/sonos";
import type { Adapter } from "../adapters/play-tracker.ts";
import { followSonos } from "../adapters/sonos/sonos.ts";
import type { PositionInfo } from "../adapters/upnp/questions.ts";
import { ManualClock } from "./manual-clock.ts";
import { TapedPlays } from "./taped-plays.ts";

/** The player's own id. */
export const OWN = "RINCON_test_10.10.10.1";

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Metadata of an item; what is null is not told. */
export function didl(
  title: string | null,
  artist: string | null = null,
  kind = "musicTrack",
  res = "",
): string {
  const words = [
    title === null ? "" : `<dc:title>${escaped(title)}</dc:title>`,
    artist === null ? "" : `<dc:creator>${escaped(artist)}</dc:creator>`,
  ].join("");
  return `<DIDL-Lite xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" xmlns:r="urn:schemas-rinconnetworks-com:metadata-1-0/" xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/"><item id="-1" parentID="-1"><res protocolInfo="*">${escaped(res)}</res>${words}<upnp:class>object.item.audioItem.${kind}</upnp:class></item></DIDL-Lite>`;
}

/** A room, or rooms, as the topology has them. */
export const group = (groupId: string, coordinator: string, ...members: readonly string[]) => ({
  groupId,
  coordinator: { uuid: coordinator },
  members: members.map((uuid) => ({ uuid, Invisible: false })),
});

/** Nothing is subscribed to: `SONOS_DISABLE_EVENTS` has to be set. */
export class SonosListening {
  readonly clock = new ManualClock();
  readonly telemetry = new TapedPlays();
  readonly troubles: string[] = [];
  readonly adapter: Adapter;
  readonly #device = new SonosDevice("192.0.2.2", 1_400, OWN);
  /** What it answers of where it is. */
  position: () => Promise<PositionInfo> = async () => ({ RelTime: "NOT_IMPLEMENTED" });

  constructor() {
    this.#device.AVTransportService.GetPositionInfo = () => this.position() as never;
    const { telemetry, clock } = this;
    const onTrouble = (message: string) => this.troubles.push(message);
    this.adapter = followSonos({ telemetry, clock, device: this.#device, player_id: "room", onTrouble });
  }

  /** These variables have changed; `afterMs` pass. */
  async notify(variables: Readonly<Record<string, string>>, afterMs = 0): Promise<void> {
    const values = Object.entries(variables).map(([name, value]) => `<${name} val="${escaped(value)}"/>`);
    const event = `<Event><InstanceID val="0">${values.join("")}</InstanceID></Event>`;
    const body = `<e:propertyset><e:property><LastChange>${escaped(event)}</LastChange></e:property></e:propertyset>`;
    this.#device.AVTransportService.ParseEvent(body);
    await this.clock.advance(afterMs);
  }

  /** The household stands so; `afterMs` pass. */
  async regroup(groups: readonly object[], afterMs = 0): Promise<void> {
    this.#device.ZoneGroupTopologyService.Events.emit("serviceEvent", { ZoneGroupState: groups } as never);
    await this.clock.advance(afterMs);
  }

  /** What came out of it: the plays, and the sources, shortly. */
  end() {
    this.adapter.close();
    const plays = this.telemetry.finals;
    const sources = this.telemetry.sources.map(
      ({ from, to, group_change, member_ids, coordinator_id, trigger }) => ({
        change: `${from.source_type} → ${to.source_type}`,
        service: to.service,
        group_change,
        trigger,
        ...(member_ids && { member_ids }),
        ...(coordinator_id && { coordinator_id }),
      }),
    );
    return { plays, sources };
  }
}
