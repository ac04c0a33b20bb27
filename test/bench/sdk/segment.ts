import { Analytics } from "@segment/analytics-node";
import type { StartContender } from "./contender.ts";

export const start: StartContender = async (endpoint) => {
  const analytics = new Analytics({ writeKey: "key", host: endpoint });
  return {
    record: (properties) => analytics.track({ anonymousId: "RINCON_00DEAD0001", event: "play", properties }),
    finish: () => analytics.closeAndFlush(),
  };
};
