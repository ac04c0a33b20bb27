import { keepsEveryPromise, keepsWhatItBroke } from "./testing/seeds.ts";

keepsWhatItBroke();
keepsEveryPromise(1, 100);
