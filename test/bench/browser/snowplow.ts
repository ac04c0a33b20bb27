import { flushBuffer, newTracker, trackSelfDescribingEvent } from "@snowplow/browser-tracker";
import type { StartInPage } from "./in-page.ts";

const SCHEMA = "iglu:com.example/play/jsonschema/1-0-0";

export const start: StartInPage = (endpoint) => {
  newTracker("page", endpoint, { appId: "RINCON_00DEAD0001" });
  return Promise.resolve({
    record: (play) => trackSelfDescribingEvent({ event: { schema: SCHEMA, data: { ...play } } }),
    finish: () => Promise.resolve(flushBuffer()),
  });
};
