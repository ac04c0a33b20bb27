import { keepsEveryPromise } from "./testing/seeds.ts";

keepsEveryPromise(101, 200);
