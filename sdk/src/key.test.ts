import { describe, expect, it } from "vitest";
import { authorization, type Key } from "./key.ts";

describe("who sends", () => {
  it("is said by a key, or by a function that is asked each time", () => {
    const tokens = ["first", "second"];
    const renewed: Key = () => tokens.shift() ?? "";
    expect([authorization("a-key"), authorization(renewed), authorization(renewed)]).toEqual([
      { authorization: "Bearer a-key" },
      { authorization: "Bearer first" },
      { authorization: "Bearer second" },
    ]);
    expect(authorization(undefined)).toEqual({});
  });

  it.each([
    [""],
    ["two words"],
    ["line\nbreak"],
    ["x".repeat(2_049)],
    [undefined],
    [Promise.resolve("later")],
  ])("is nobody when the function gives %j, and the message keeps that to itself", (given) => {
    const attempt = () => authorization((() => given) as Key);
    expect(attempt).toThrow("the function of option key gave none");
  });
});
