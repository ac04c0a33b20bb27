import { PostHog } from "posthog-node";
import type { StartContender } from "./contender.ts";

export const start: StartContender = async (endpoint) => {
  const client = new PostHog("key", { host: endpoint });
  return {
    record: (properties) => client.capture({ distinctId: "RINCON_00DEAD0001", event: "play", properties }),
    finish: () => client.shutdown(),
  };
};
