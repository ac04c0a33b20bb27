import { describe, expect, it } from "vitest";
import { figuresOf } from "./figures.ts";
import { modelOf } from "./model.ts";

/** The figure's numbers, percent signs and all else taken away. */
function numbers(figures: ReadonlyMap<string, string>, name: string): number[] {
  const value = [...figures].find(([label]) => label.startsWith(name))?.[1];
  return (value ?? "").split(" ").map((word) => Number.parseFloat(word));
}

async function modelFigures(format: string): Promise<ReadonlyMap<string, string>> {
  return new Map(figuresOf(await modelOf(format, 20_000, Date.UTC(2019, 1, 20))));
}

/** The measured values stand in docs/decisions/0007-listening-model.md; so do the model's, which these bounds follow. */
describe("the model beside the histories that it is fitted to", () => {
  it("has the account's sessions, skips, lengths and favourites", async () => {
    const figures = await modelFigures("spotify-account");
    const within = (name: string, at: number, measured: number, share: number) => {
      const value = numbers(figures, name)[at]!;
      expect([name, value > measured * (1 - share) && value < measured * (1 + share), value]).toEqual([
        name,
        true,
        value,
      ]);
    };
    within("plays in a session: mean", 0, 16, 0.2);
    within("plays in a session: p5", 3, 10, 0.25);
    within("hours between sessions", 3, 2.2, 0.25);
    within("of 0 ms, under 1 s, under 30 s", 2, 36.7, 0.1);
    within("under 30 s after one such", 0, 63.4, 0.1);
    within("under 30 s after one such", 1, 21.2, 0.15);
    within("ended early of those over 30 s", 0, 21.2, 0.1);
    within("s played: p5", 3, 157, 0.15);
    within("s played: p5", 5, 246, 0.1);
    within("s an item is long", 3, 216, 0.05);
    within("artists: plays of the first", 2, 77.9, 0.1);
    within("items: plays of the first", 2, 56.9, 0.2);
    within("next in a session: same item, artist", 1, 36.1, 0.15);
    within("beyond ASCII", 0, 5.6, 0.4);
  });

  it("has last.fm's albums, lengths and quiet nights, seen through scrobbles", async () => {
    const figures = await modelFigures("lastfm");
    expect(numbers(figures, "next in a session: same album")[0]).toBeGreaterThan(42);
    expect(numbers(figures, "next in a session: same album")[0]).toBeLessThan(54);
    expect(numbers(figures, "s an item is long")[3]).toBeGreaterThan(240);
    const byHour = numbers(figures, "plays by local hour");
    const night = byHour.slice(1, 7).reduce((sum, share) => sum + share, 0);
    const day = byHour.slice(9, 19).reduce((sum, share) => sum + share, 0);
    // Measured: 0.5 % and 75.8 %.
    expect(night).toBeLessThan(2);
    expect(day).toBeGreaterThan(60);
  });
});
