import { setTimeout as sleep } from "node:timers/promises";
import { buildSelfDescribingEvent, newTracker } from "@snowplow/node-tracker";
import type { StartContender } from "./contender.ts";

const SCHEMA = "iglu:com.example/play/jsonschema/1-0-0";

/** A flush resolves while a request that has run into its timeout of 5 s still waits for its next try. */
const LINGER_MS = 15_000;

/** It takes a host and adds `https` by itself unless told otherwise. */
export const start: StartContender = async (endpoint) => {
  const collector = { endpoint: new URL(endpoint).host, protocol: "http" } as const;
  const tracker = newTracker({ namespace: "speaker", appId: "RINCON_00DEAD0001" }, collector);
  return {
    record: (play) => {
      tracker.track(buildSelfDescribingEvent({ event: { schema: SCHEMA, data: { ...play } } }));
    },
    async finish() {
      await tracker.flush();
      await sleep(LINGER_MS);
    },
  };
};
