import { createHash } from "node:crypto";
import { fuzz } from "@tonearm/sdk/testing";
import { expect, it } from "vitest";
import { MAGIC } from "../aggregate/kpl-format.ts";
import { deaggregate } from "./deaggregate.ts";

/** A protobuf field of a number and bytes. */
const field = (number: number, bytes: Uint8Array) =>
  Buffer.concat([Buffer.of(number * 8 + 2, bytes.length), bytes]);
const record = (key: number, hashKey: number, data: string) =>
  field(3, Buffer.concat([Buffer.of(8, key, 16, hashKey), field(3, Buffer.from(data))]));

const MESSAGES = [
  Buffer.concat([field(1, Buffer.from("a")), record(0, 0, "x"), field(2, Buffer.from("0"))]),
  Buffer.concat([
    field(1, Buffer.from("device-1")),
    field(1, Buffer.from("2")),
    field(2, Buffer.from("340282366920938463463374607431768211455")),
    ...["one", "two", "three"].map((data, i) => record(i % 2, 0, data)),
  ]),
];

const sealed = (message: Uint8Array): Buffer =>
  Buffer.concat([MAGIC, message, createHash("md5").update(message).digest()]);

it("whatever stands in an aggregate with a right digest, reading it ends, and gives no more than is there", () => {
  const outcomes = new Set<string>();
  fuzz({
    corpus: MESSAGES,
    kept: "deaggregate",
    inputs: 500_000,
    check(message) {
      const { aggregated, userRecords, withheld } = deaggregate({ partitionKey: "p", data: sealed(message) });
      outcomes.add(aggregated ? (withheld?.reason ?? "whole") : "as it is");
      const bytes = userRecords.reduce((sum, { data }) => sum + data.length, 0);
      if (aggregated && bytes > message.length) throw new Error("more came out than went in");
      if (!aggregated && userRecords.length !== 1)
        throw new Error("a record that is no aggregate is one record");
    },
  });
  expect([...outcomes].toSorted()).toEqual(["as it is", "bad_index", "out_of_range", "whole"]);
});

it("damage to a sealed aggregate makes it one plain record, never part of it", () => {
  const corpus = MESSAGES.map(sealed);
  fuzz({
    corpus,
    kept: "deaggregate.damaged",
    inputs: 300_000,
    check(data) {
      const { aggregated } = deaggregate({ partitionKey: "p", data });
      if (aggregated && !corpus.some((good) => good.equals(data)))
        throw new Error("a damaged aggregate passed");
    },
  });
});
