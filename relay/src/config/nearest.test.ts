import { expect, it } from "vitest";
import { suggestion } from "./nearest.ts";
import { configSchema } from "./schema.ts";

const NAMES = Object.keys(configSchema.shape);

it.each([
  ["prot", "port"],
  ["Port", "port"],
  ["agregateAgeMs", "aggregateAgeMs"],
  ["aggregate-age-ms", "aggregateAgeMs"],
  ["AGGREGATE_AGE", "aggregateAgeMs"],
  ["write_keys", "writeKeys"],
  ["corsOrigin", "corsOrigins"],
])("%s was probably meant to be %s", (given, meant) => {
  expect(suggestion(given, NAMES)).toBe(`, did you mean ${meant}?`);
});

it.each(["", "kafkaBrokers", "x".repeat(100_000)])("nothing is near %.20j", (given) => {
  expect(suggestion(given, NAMES)).toBe("");
});
