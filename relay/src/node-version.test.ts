import { expect, it } from "vitest";
import { nodeFault } from "./node-version.ts";

it("versions of Node.js that strangers can stop with a few bodies are refused, and say which are not", () => {
  const refused = ["18.20.8", "20.20.1", "21.7.3", "22.19.0", "22.22.1", "23.11.1", "24.14.0", "25.8.1"];
  const good = [
    "20.20.2",
    "22.22.2",
    "22.23.0",
    "24.14.1",
    "24.15.0",
    "25.8.2",
    "25.9.0",
    "26.0.0",
    "27.1.3",
  ];
  expect(refused.filter((version) => nodeFault(version) === undefined)).toEqual([]);
  expect(good.filter((version) => nodeFault(version) !== undefined)).toEqual([]);
  expect(nodeFault("22.19.0")).toContain("22.22.2");
});
