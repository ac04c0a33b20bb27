import { starter } from "./tonearm.ts";

export const start = starter(false);
