import { keepsEveryPromise } from "./testing/seeds.ts";

keepsEveryPromise(1, 100);
