/** The same client as on Node; esbuild takes its parts for browsers. */
import { start as startAnywhere } from "../sdk/opentelemetry.ts";
import type { StartInPage } from "./in-page.ts";

export const start: StartInPage = (endpoint) => startAnywhere(endpoint, "", 0);
