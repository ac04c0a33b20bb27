/** Uses the smallest part of the SDK: a bundler has to leave out the rest. */
import { defineEvents } from "@tonearm/sdk";

globalThis.said = defineEvents({}, { allowUnknown: true });
