import { expect, expectTypeOf, it } from "vitest";
import * as browser from "../browser.entry.ts";
import * as node from "../index.ts";

it("the browser's entry has the names and types of Node's", () => {
  expect(Object.keys(browser).toSorted()).toEqual(Object.keys(node).toSorted());
  expectTypeOf<typeof browser.createTelemetry>().toEqualTypeOf<typeof node.createTelemetry>();
});

it.each([
  [{ database: "" }, /option database is "", expected a name, or false/],
  [{ database: 7 }, /option database is 7/],
  [{ persist: "yes" }, /option persist is "yes", expected true or false/],
  [{ file: "x" }, /unknown option "file"/],
])("options %j are refused with the name of what is wrong", (options, message) => {
  expect(() =>
    browser.createTelemetry({ endpoint: "http://127.0.0.1:9", device: "d1", ...(options as object) }),
  ).toThrow(message);
});
