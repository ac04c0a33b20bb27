import { expect, it } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import { followSonos, type SonosPlayer } from "./sonos.ts";

/** A player that notifies of what it is told to. */
function player(): { device: SonosPlayer; notify: (service: string, data: unknown) => void } {
  const listening = new Map<string, (data: never) => void>();
  const service = (name: string) => ({
    Events: {
      on: (event: string, listener: (data: never) => void) => listening.set(`${name} ${event}`, listener),
      removeListener: (event: string) => listening.delete(`${name} ${event}`),
    },
  });
  const device: SonosPlayer = {
    Uuid: "a",
    AVTransportService: { ...service("transport"), GetPositionInfo: async () => ({}) },
    ZoneGroupTopologyService: service("topology"),
  };
  return { device, notify: (name, data) => listening.get(`${name} serviceEvent`)?.(data as never) };
}

it.each(["http://anna:CANARY@192.0.2.7:8000/live?token=CANARY", "x-rincon:CANARY", 7])(
  "a group, a coordinator or a member whose id is %s is none",
  (bad) => {
    const telemetry = new TapedPlays();
    const { device, notify } = player();
    const adapter = followSonos({ telemetry, clock: new ManualClock(), device });
    const group = (groupId: unknown, uuid: unknown, ...members: readonly unknown[]) =>
      notify("topology", {
        ZoneGroupState: [
          { groupId, coordinator: { uuid }, members: members.map((member) => ({ uuid: member })) },
        ],
      });
    group("a:1", "a", "a");
    group(bad, "a", "a", "b");
    group("a:1", bad, "a", "b");
    expect(telemetry.sources).toEqual([]);
    group("a:1", "a", "a", bad, "b");
    adapter.close();
    expect(telemetry.sources).toMatchObject([{ coordinator_id: "a", member_ids: ["a", "b"] }]);
    expect(telemetry.text).not.toMatch(/CANARY|anna|192/);
  },
);
