import { AnalyticsBrowser } from "@segment/analytics-next";
import type { StartInPage } from "./in-page.ts";

/** Settings that its server would send; without them it asks a host on the internet. */
export const start: StartInPage = async (endpoint) => {
  const apiHost = `${new URL(endpoint).host}/v1`;
  const [analytics] = await AnalyticsBrowser.load({
    writeKey: "key",
    cdnURL: endpoint,
    cdnSettings: { integrations: { "Segment.io": { apiKey: "key", apiHost, protocol: "http" } } },
  });
  return {
    record: (play) => void analytics.track("play", { ...play }),
    finish: () => Promise.resolve(),
  };
};
