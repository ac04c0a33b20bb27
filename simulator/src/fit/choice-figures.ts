import type { Figure } from "./figures.ts";
import { itemOf, type Play } from "./sample.ts";
import { sessionsOf } from "./session-figures.ts";
import { countBy, percent, SPREAD_NAME, shareOf, spread, topShare, zipfExponent } from "./statistics.ts";

/** What people choose: favourites, repeats, albums. */
export function choiceFigures(plays: readonly Play[]): Figure[] {
  const hasAlbums = plays.some(({ album }) => album !== "");
  const sessions = sessionsOf(plays);
  const pairs = sessions.flatMap((session) =>
    session.slice(1).map((play, at) => [session[at]!, play] as const),
  );
  const same = (key: (play: Play) => string) =>
    percent(shareOf(pairs, ([one, two]) => key(one) === key(two)));
  const figures: Figure[] = [
    ...popularity("items", plays, itemOf),
    ...popularity("artists", plays, artistOf),
    ...(hasAlbums ? popularity("albums", plays, albumOf) : []),
    [`share of runs of an artist, up to rank ${RANKS.join(" ")}`, artistRanks(plays)],
    ["next in a session: same item, artist", `${same(itemOf)} ${same(artistOf)}`],
  ];
  if (hasAlbums) {
    const runs = sessions.flatMap(albumRuns);
    figures.push(["next in a session: same album", same(albumOf)]);
    figures.push([`plays of one album in a row: ${SPREAD_NAME}`, spread(runs)]);
  }
  return [
    ...figures,
    ["items not heard before, by fifth", newByFifth(plays)],
    [`plays from an item to itself: ${SPREAD_NAME}`, spread(distances(plays))],
  ];
}

function popularity(name: string, plays: readonly Play[], key: (play: Play) => string): Figure[] {
  const counts = [...countBy(plays, key).values()];
  const once = percent(shareOf(counts, (count) => count === 1));
  const tops = [0, 0.01, 0.1].map((part) => percent(topShare(counts, part)));
  return [
    [
      `${name}: distinct, heard once, exponent`,
      `${counts.length} ${once} ${zipfExponent(counts).toFixed(2)}`,
    ],
    [`${name}: plays of the first, top 1 %, top 10 %`, tops.join(" ")],
  ];
}

/** Ranks by which popularity is read, and `listening/fitted.ts` takes its points. */
const RANKS = [1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023] as const;

/** Plays of one artist in a row count once: how an artist is come upon is one matter, how long one stays another. */
function artistRanks(plays: readonly Play[]): string {
  const begins = plays.filter((play, at) => play.artist !== plays[at - 1]?.artist);
  const counts = [...countBy(begins, artistOf).values()].toSorted((a, b) => b - a);
  const upTo = (rank: number) => counts.slice(0, rank).reduce((sum, count) => sum + count, 0);
  return RANKS.map((rank) => (upTo(rank) / begins.length).toFixed(3)).join(" ");
}

function artistOf({ artist }: Play): string {
  return artist;
}

function albumOf({ artist, album }: Play): string {
  return `${artist}\0${album}`;
}

function albumRuns(session: readonly Play[]): number[] {
  const runs: number[] = [];
  session.forEach((play, at) => {
    if (at > 0 && albumOf(play) === albumOf(session[at - 1]!)) runs[runs.length - 1]!++;
    else runs.push(1);
  });
  return runs;
}

function newByFifth(plays: readonly Play[]): string {
  const heard = new Set<string>();
  const isNew = plays.map((play) => heard.size !== heard.add(itemOf(play)).size);
  const length = plays.length / 5;
  const fifths = [0, 1, 2, 3, 4].map((n) => isNew.slice(n * length, (n + 1) * length));
  return fifths.map((fifth) => percent(shareOf(fifth, (fresh) => fresh))).join(" ");
}

function distances(plays: readonly Play[]): number[] {
  const last = new Map<string, number>();
  return plays.flatMap((play, at) => {
    const before = last.get(itemOf(play));
    last.set(itemOf(play), at);
    return before === undefined ? [] : [at - before];
  });
}
