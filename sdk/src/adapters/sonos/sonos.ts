/** Plays, sources and groups of a Sonos player, as `@svrooij/sonos` delivers its notifications. */

import { messageOf } from "../../errors.ts";
import type { Adapter, AdapterOptions } from "../play-tracker.ts";
import { TransportFollower } from "../upnp/follower.ts";
import type { Group } from "../upnp/groups.ts";
import type { PositionInfo } from "../upnp/questions.ts";
import type { Variables } from "../upnp/transport.ts";
import { idOf } from "../words-of-items.ts";

/** What is used of a service of `@svrooij/sonos`. */
interface Service {
  readonly Events: {
    on(event: string, listener: (data: never) => void): unknown;
    removeListener(event: string, listener: (data: never) => void): unknown;
  };
}

/** What is used of a `SonosDevice` of `@svrooij/sonos`. */
export interface SonosPlayer {
  /** Known after `LoadUuid()`, and of what a `SonosManager` found. */
  readonly Uuid: string;
  readonly AVTransportService: Service & { GetPositionInfo(): Promise<PositionInfo> };
  readonly ZoneGroupTopologyService: Service;
}

export interface SonosOptions extends Omit<AdapterOptions, "player_id"> {
  readonly device: SonosPlayer;
  /** Default: the device's `Uuid`. */
  readonly player_id?: string;
}

/** A group as it is parsed there, as far as it could be. */
interface ParsedGroup {
  readonly groupId?: unknown;
  readonly coordinator?: { readonly uuid?: unknown } | null;
  readonly members?: unknown;
}
interface ParsedMember {
  readonly uuid?: unknown;
  readonly Invisible?: boolean;
}

/**
 * Records the plays of a Sonos player from now on. Subscribes to its AVTransport and its ZoneGroupTopology.
 * @throws TonearmError `invalid_option`.
 */
export function followSonos(options: SonosOptions): Adapter {
  const { device, player_id = device.Uuid, ...rest } = options;
  const { AVTransportService: transport, ZoneGroupTopologyService: topology } = device;
  const follower: TransportFollower = new TransportFollower(
    { ...rest, player_id },
    {
      trusts: true,
      ask: () => transport.GetPositionInfo(),
      onLost: () => follower.trouble(`${player_id} does not answer any more; its play has ended`),
    },
  );
  const change = (changed: Variables) => follower.change(changed);
  const regroup = ({ ZoneGroupState }: { readonly ZoneGroupState?: unknown }) => {
    if (Array.isArray(ZoneGroupState)) follower.regroup(groupsOf(ZoneGroupState), device.Uuid);
  };
  const fail = (error: unknown) => follower.trouble(`${player_id} does not notify (${codeOf(error)})`);
  const listeners = [
    [transport, "serviceEvent", change],
    [transport, "subscriptionError", fail],
    [topology, "serviceEvent", regroup],
    [topology, "subscriptionError", fail],
  ] as const;
  for (const [service, event, listener] of listeners) service.Events.on(event, listener);
  return {
    because: (because) => follower.because(because),
    close() {
      for (const [service, event, listener] of listeners) service.Events.removeListener(event, listener);
      follower.close();
    },
  };
}

/** The second speaker of a pair, and a subwoofer, are no rooms. What is no group is left out. */
function groupsOf(parsed: readonly (ParsedGroup | null | undefined)[]): readonly Group[] {
  return parsed.flatMap((group) => {
    const { groupId, coordinator, members } = group ?? {};
    const [id, coordinatorId] = [idOf(groupId), idOf(coordinator?.uuid)];
    if (id === null || coordinatorId === null || !Array.isArray(members)) return [];
    const rooms = members
      .filter((member: ParsedMember | null | undefined) => !member?.Invisible)
      .map((member: ParsedMember | null | undefined) => idOf(member?.uuid));
    return [{ id, coordinator: coordinatorId, members: rooms.filter((room) => room !== null) }];
  });
}

/** Messages of the library hold the player's address. */
const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : messageOf(error).replaceAll(/\S*\d{1,3}(?:\.\d{1,3}){3}\S*|\w+:\/\/\S+/g, "…");
