import { expect, it } from "vitest";
import { Random } from "../listening/random.ts";
import { Medium } from "./medium.ts";

const bytes = (text: string) => Buffer.from(text);
const textOf = (medium: Medium, name: string) => Buffer.from(medium.names.get(name)!.bytes).toString();

/** Many power cuts of the same medium. */
const cuts = (medium: Medium) =>
  Array.from({ length: 500 }, (_, seed) => medium.afterPowerCut(new Random(seed)));

it("leaves what was synced, under a name that was synced, after every power cut", () => {
  const medium = new Medium();
  const inode = medium.create("a");
  inode.append(bytes("synced"));
  inode.sync(6);
  medium.syncNames(medium.changes);
  inode.append(bytes(" or not"));
  for (const found of cuts(medium)) expect(textOf(found, "a").startsWith("synced")).toBe(true);
  expect(medium.durableHolder(bytes("synced"))).toBe(inode);
  expect(medium.durableHolder(bytes("not"))).toBeUndefined();
});

it("leaves of the rest nothing, a part, all, zeros or junk: each of them at times", () => {
  const medium = new Medium();
  medium.create("a").append(bytes("tail"));
  medium.syncNames(medium.changes);
  const found = new Set(cuts(medium).map((each) => textOf(each, "a")));
  for (const text of ["", "t", "tai", "tail", "\0\0", "\0\0il"]) expect(found).toContain(text);
});

it("brings back names whose removal was not synced, and forgets names that were not, in their order", () => {
  const medium = new Medium();
  medium.create("a");
  medium.syncNames(medium.changes);
  medium.unlink("a");
  medium.create("b");
  medium.rename("b", "c");
  const found = new Set(cuts(medium).map(({ names }) => [...names.keys()].join()));
  expect([...found].toSorted()).toEqual(["", "a", "b", "c"]);
});

it("never makes durable what a failed sync gave up, whatever is synced later", () => {
  const medium = new Medium();
  const inode = medium.create("a");
  medium.syncNames(medium.changes);
  inode.append(bytes("one"));
  inode.failSync(3);
  inode.append(bytes("two"));
  inode.sync(6);
  for (const found of cuts(medium)) expect(textOf(found, "a")).toBe("\0\0\0two");
});
