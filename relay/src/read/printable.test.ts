import { describe, expect, it } from "vitest";
import { printableLine } from "./printable.ts";

const printed = (data: string | Buffer) => Buffer.from(printableLine(Buffer.from(data))).toString("utf8");

describe("a record shown in a terminal", () => {
  it("is unchanged when it is ordinary text, on a line of its own", () => {
    const line = '{"title":"Größe 🎵 \\u001b","tab":\t1}';
    expect(printed(`${line}\n`)).toBe(`${line}\n`);
    expect(printed(line)).toBe(`${line}\n`);
    expect(printed("")).toBe("\n");
  });

  it.each([
    ["colours", "\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"],
    ["a title for the window", "\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"],
    ["a line over another", "good\rbad", "good\\u000dbad"],
    ["a second line", "one\ntwo\n", "one\\u000atwo"],
    ["the eight-bit spelling of an escape", "\u009b31m", "\\u009b31m"],
    ["a delete", "a\x7f", "a\\u007f"],
    ["text turned around", "a\u202eb", "a\\u202eb"],
  ])("does not pass on %s", (_, data, expected) => {
    expect(printed(data)).toBe(`${expected}\n`);
  });

  it("is the same JSON as before, whatever stood in its strings", () => {
    const value = { text: "del \x7f, c1 \x9b, turned \u202e, é" };
    const line = printed(JSON.stringify(value));
    expect(JSON.parse(line)).toEqual(value);
    expect(line).toBe('{"text":"del \\u007f, c1 \\u009b, turned \\u202e, é"}\n');
  });

  it("has its bytes spelled out when they are no text", () => {
    expect(printed(Buffer.from("f3899ac2411b9bff0a", "hex"))).toBe(
      "\\xf3\\x89\\x9a\\xc2A\\u001b\\x9b\\xff\n",
    );
    expect(printed(Buffer.from("9b33316d", "hex"))).toBe("\\x9b31m\n");
  });

  it("shows no byte that a terminal obeys, whatever the record", () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    for (const data of [
      every,
      ...[...every].map((byte) => Buffer.of(byte)),
      Buffer.from(every.toString("latin1")),
    ]) {
      expect(printed(data)).toMatch(/^(?:\t|\P{Cc})*\n$/u);
    }
  });
});
