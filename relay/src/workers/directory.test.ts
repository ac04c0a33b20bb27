import { describe, expect, it } from "vitest";
import type { Accepted } from "../resends.ts";
import { Directory, type Owner } from "./directory.ts";

const KNOWN: Accepted = { fromSeq: 1, throughSeq: 9, durable: "stream" };

/** An owner that gives epochs up when told to. */
function owner() {
  const asked: string[] = [];
  const waiting: ((accepted: Accepted | undefined) => void)[] = [];
  const self: Owner = {
    release: (epochKey) => {
      asked.push(epochKey);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
  return { self, asked, giveUp: (accepted?: Accepted) => waiting.shift()?.(accepted) };
}

describe("the directory of epochs", () => {
  it("gives an epoch to whoever comes first, and asks nobody", async () => {
    const directory = new Directory(10);
    const first = owner();
    expect(await directory.claim("d e", first.self)).toBeUndefined();
    expect(await directory.claim("d e", first.self)).toBeUndefined();
    expect(first.asked).toEqual([]);
  });

  it("moves it only when the one before has given it up, with what that one knew", async () => {
    const directory = new Directory(10);
    const [first, second] = [owner(), owner()];
    await directory.claim("d e", first.self);
    const events: string[] = [];
    const move = (async () => {
      expect(await directory.claim("d e", second.self)).toEqual(KNOWN);
      events.push("moved");
    })();
    await new Promise(setImmediate);
    events.push("given up");
    first.giveUp(KNOWN);
    await move;
    expect(events).toEqual(["given up", "moved"]);
    expect(first.asked).toEqual(["d e"]);
  });

  it("moves it from hand to hand, one move at a time, when several want it at once", async () => {
    const directory = new Directory(10);
    const owners = [owner(), owner(), owner()] as const;
    const moves = owners.map(({ self }) => directory.claim("d e", self));
    await moves[0];
    await new Promise(setImmediate);
    expect(owners.map(({ asked }) => asked.length)).toEqual([1, 0, 0]);
    owners[0].giveUp(KNOWN);
    expect(await moves[1]).toEqual(KNOWN);
    await new Promise(setImmediate);
    expect(owners.map(({ asked }) => asked.length)).toEqual([1, 1, 0]);
    owners[1].giveUp();
    expect(await moves[2]).toBeUndefined();
  });

  it("remembers as many epochs as it may, and gives a forgotten one to whoever asks", async () => {
    const directory = new Directory(2);
    const [first, second] = [owner(), owner()];
    for (const epoch of ["a", "b", "c"]) await directory.claim(epoch, first.self);
    expect(await directory.claim("a", second.self)).toBeUndefined();
    expect(first.asked).toEqual([]);
  });
});
