import { Curve, type CurvePoint } from "./distributions.ts";
import type { EarlyEnds, Habit, Patience, Uses } from "./habit.ts";

/**
 * The numbers of the listening model. `fit/fit.ts` printed the figures they are taken from; what was measured, and what
 * is assumed, is told in docs/decisions/0007-listening-model.md. "Account", "last.fm" and "extended" are its three
 * histories. Nothing here tells what anybody listened to.
 */

/** Where `fit.ts` reads a distribution. */
const SPREAD = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/** Artists up to which `fit.ts` reads popularity. */
const RANKS = [1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023] as const;

/** A measured spread between its least and its greatest value; `factor` is applied to all but the least. */
function curve(least: number, spread: readonly number[], greatest: number, factor = 1): Curve {
  const points = SPREAD.map((share, at): CurvePoint => [share, Math.max(least, spread[at]! * factor)]);
  return new Curve([[0, least], ...points, [1, greatest * factor]]);
}

/**
 * Ranks of artists. A run of plays that returns to a favourite counts in the measured figure, but is not drawn by rank
 * in the model; `stretch` and `bend` make up for it. They are chosen by search, so that the model comes to the measured
 * numbers of artists and shares of the top 1 % and 10 %.
 */
function ranks(shares: readonly number[], stretch: number, bend: number, last: number): Curve {
  const points = RANKS.map((rank, at): CurvePoint => [shares[at]!, stretch * rank ** bend]);
  return new Curve([[0, 0], ...points, [1, last]]);
}

/** Account: ms_played over length of plays over 30 s that ended early, in thousandths. */
const LEAVE_PART = curve(120, [156, 187, 303, 530, 775, 920, 954, 976], 980);

/** Account: seconds played of those under 30 s; 0.6 % of all plays, 1.6 % of these, have 0 ms. */
const HOP_SECONDS = new Curve([
  [0, 0],
  [0.016, 0],
  [0.05, 0.5],
  [0.1, 0.8],
  [0.25, 1.1],
  [0.5, 2.5],
  [0.75, 8.1],
  [0.9, 16.2],
  [0.95, 22],
  [1, 30],
]);

/**
 * Extended: `reason_end` other than `trackdone`, 114 of the plays under 30 s, 40 of the others, of 800. Spotify says
 * `endplay` when another row is clicked; nine plays began so, and as many of the 17 are called `clickrow` here.
 */
const HOP_ENDS: EarlyEnds = {
  fwdbtn: 89,
  backbtn: 7,
  clickrow: 7,
  endplay: 5,
  logout: 1,
  remote: 3,
  "unexpected-exit": 0,
  "unexpected-exit-while-paused": 2,
};
const LEAVE_ENDS: EarlyEnds = {
  fwdbtn: 23,
  backbtn: 0,
  clickrow: 2,
  endplay: 3,
  logout: 7,
  remote: 2,
  "unexpected-exit": 2,
  "unexpected-exit-while-paused": 1,
};

/** Who skips more does not crash more: only skips become more frequent. */
function withSkips(ends: EarlyEnds, factor: number): EarlyEnds {
  const { fwdbtn, backbtn, clickrow } = ends;
  return { ...ends, fwdbtn: fwdbtn * factor, backbtn: backbtn * factor, clickrow: clickrow * factor };
}

/** Account. */
const HOPPING: Patience = {
  // Under 30 s after one such, after another.
  hopAfterHop: 0.634,
  hopAfterOther: 0.212,
  hopSeconds: HOP_SECONDS,
  // 36.7 % of its plays are under 30 s, against 14.4 % in extended: 294 of 800, of which 11 are no skips.
  hopEnds: withSkips(HOP_ENDS, 2.75),
  // Ended early of those over 30 s; against 5.8 % in extended: 145 of 685, of which 15 are no skips.
  leaveShare: 0.212,
  leavePart: LEAVE_PART,
  leaveEnds: withSkips(LEAVE_ENDS, 5.2),
  // 1.6 % of the plays of items of known length went further than the item, of 56.3 % that did not end early.
  rewindShare: 0.028,
  // Extended: reason_start trackerror.
  errorShare: 0.003,
};

/** Extended: 14.4 % under 30 s, and 5.8 % of the others end early. How its hops cluster it does not tell: assumed. */
const PATIENT: Patience = {
  ...HOPPING,
  hopAfterHop: 0.3,
  hopAfterOther: 0.118,
  hopEnds: HOP_ENDS,
  leaveShare: 0.058,
  leaveEnds: LEAVE_ENDS,
};

/** Assumptions: no history tells what else a speaker is used for, or how often a player reports. */
const USES: Uses = {
  sources: {
    queue: 0.74,
    radio: 0.08,
    tv: 0.05,
    line_in: 0.02,
    airplay: 0.04,
    spotify_connect: 0.05,
    bluetooth: 0.02,
  },
  switchShare: 0.1,
  alarmShare: 0.2,
  updateShare: 0.15,
  // Extended: shuffle, 673 of 800.
  shuffleShare: 0.84,
};

/** Account: gaps inside sessions. Those over 2 min, 8.8 %, are stops; shorter ones drown in its whole minutes. */
const STOPS = {
  stopShare: 0.088,
  stopSeconds: curve(120, [156, 169, 186, 246, 634, 1_254, 1_498, 1_702], 1_800),
};

/** Jumps from track to track until one pleases, in long lists, mostly shuffled. Fitted to account. */
const HOPPER: Habit = {
  name: "hopper",
  rhythm: {
    // Account: sessions begun by hour, in UTC-3, which brings it closest to last.fm's local time.
    hourWeights: [
      2.9, 1.4, 0.7, 0.3, 0.3, 0.4, 0.4, 0.8, 2.8, 7.1, 8.5, 6.4, 5.7, 5.5, 7.2, 6.2, 5.3, 6.1, 8.1, 5.6, 4.9,
      4.3, 4.6, 4.4,
    ],
    // Account: hours between sessions.
    pauseHours: curve(0.5, [0.6, 0.7, 1, 2.2, 5.8, 12.1, 15.4, 22], 48),
    // Account: plays in a session. The factor makes up for sessions that bedtime or a long stop cuts in two.
    playsInSession: curve(1, [1, 1, 4, 10, 19, 34, 53, 106], 250, 1.12),
    ...STOPS,
  },
  patience: HOPPING,
  choices: {
    // Account: share of runs of an artist, up to rank.
    artistRank: ranks(
      [0.033, 0.074, 0.141, 0.237, 0.369, 0.518, 0.681, 0.819, 0.918, 0.978],
      0.37,
      1.21,
      11_800,
    ),
    // Chosen by search: items and artists, distinct, heard once, top 1 % and 10 %; same artist next; distances.
    knownTracks: 19,
    knownHalfRank: 60,
    favourExponent: 1.84,
    spells: { single: 0.825, artist: 0.097, album: 0.078 },
    spellPlaysMean: 6.3,
    againShare: 0.0055,
    recallShare: 0.32,
  },
  catalogue: {
    // Account: seconds an item is long.
    durationSeconds: curve(30, [145, 169, 192, 216, 244, 277, 301, 375], 900),
    // Account: beyond ASCII in title or artist.
    beyondAsciiShare: 0.056,
  },
  uses: USES,
};

/** Puts on albums and lets them play. Fitted to last.fm, which has no skips: those are of the extended sample. */
const ALBUM: Habit = {
  name: "album",
  rhythm: {
    // last.fm: sessions begun by hour, local time.
    hourWeights: [
      2.1, 0.4, 0.3, 0.1, 0.1, 0, 0.2, 0.9, 3.8, 7.9, 9.1, 9.6, 7.3, 6.7, 5.8, 6.1, 6.8, 5.8, 6.3, 5, 4.1, 4,
      4, 3.7,
    ],
    // last.fm: hours between sessions.
    pauseHours: curve(0.5, [0.6, 0.7, 1.2, 3.1, 11.6, 18.9, 25.2, 52.3], 100),
    // last.fm: plays in a session. Of five plays it sees four, since one is not heard for long, and bedtime cuts some.
    playsInSession: curve(1, [1, 1, 3, 9, 21, 37, 48, 75], 150, 1.42),
    ...STOPS,
  },
  patience: PATIENT,
  choices: {
    // last.fm: share of runs of an artist, up to rank.
    artistRank: ranks(
      [0.021, 0.056, 0.109, 0.203, 0.336, 0.498, 0.661, 0.791, 0.894, 0.969],
      0.51,
      1.15,
      3_900,
    ),
    // Chosen by search: as above, and albums, same album next, plays of one album in a row.
    knownTracks: 32,
    knownHalfRank: 73,
    favourExponent: 3.2,
    spells: { single: 0.564, artist: 0.026, album: 0.41 },
    spellPlaysMean: 5.8,
    againShare: 0.014,
    recallShare: 0.06,
  },
  catalogue: {
    // last.fm: seconds an item is long, inferred from starts.
    durationSeconds: curve(30, [147, 169, 214, 255, 303, 387, 442, 563], 1_200),
    // last.fm: beyond ASCII in title, artist or album.
    beyondAsciiShare: 0.02,
  },
  uses: { ...USES, shuffleShare: 0.2 },
};

/** Two persons were measured, so there are two habits; a speaker has one of them. */
export const HABITS: readonly Habit[] = [HOPPER, ALBUM];
