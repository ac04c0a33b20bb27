import type { FleetOptions } from "./fleet-options.ts";
import { shareOf } from "./fleet-options.ts";
import { HistoryError } from "./history/history.ts";
import { openHistory } from "./history/open-history.ts";
import { replayHistory } from "./history/replay.ts";
import { describeTally, type HistoryTally, RowTally } from "./history/tally.ts";
import type { Happening } from "./listening/happening.ts";
import { createListener, type Listener } from "./listening/listener.ts";
import type { Random } from "./listening/random.ts";

/** What the speakers of a fleet have to record. */
export interface Listening {
  /** Makes a speaker's happenings; called again for the same speaker it makes the same. */
  happenings(speaker: number): Iterable<Happening>;
  /** How many events the speaker records in all. */
  eventsOf(speaker: number): number;
  /** What all of them record. */
  readonly events: number;
  /** What became of the rows of a history, if one is replayed. */
  readonly history?: HistoryTally;
}

/** Speakers of one household: enough to be grouped. */
const HOUSEHOLD_SIZE = 3;
/** Simulated time begins here, the same in every run: a Monday, 06:00 UTC. */
const STARTED_AT_MS = Date.UTC(2026, 10, 23, 6);

/** Takes a line for whoever runs the fleet. */
export type Tell = (line: string) => void;

/**
 * What the fleet plays: the listening model, or somebody's real history.
 * @param tell is told, in lines, what a history holds and which of its rows are refused.
 * @throws HistoryError when the history's file cannot be used, or holds no play.
 */
export async function listenTo(options: FleetOptions, random: Random, tell: Tell): Promise<Listening> {
  if (options.history !== undefined) return replayed(options, options.history, random, tell);
  return {
    happenings: (speaker) => endlessHappenings(speaker, random),
    eventsOf: (speaker) => shareOf(options.events, options.devices, speaker),
    events: options.events,
  };
}

/** Every row of the history once, up to the number of events asked for. They are held in memory for the run. */
async function replayed(
  { events, devices }: FleetOptions,
  path: string,
  random: Random,
  tell: Tell,
): Promise<Listening> {
  const history = await openHistory(path);
  const speakers = Array.from({ length: devices }, (_, number) => placeOf(number));
  const dealt: Happening[][] = speakers.map(() => []);
  const counted = new RowTally();
  const rows = replayHistory({
    history,
    speakers,
    random: random.fork("history"),
    startedAtMs: STARTED_AT_MS,
    onRefused: (row) => counted.refuse(path, row),
  });
  for await (const { speaker, happening } of rows) {
    if (counted.replayed === events) {
      counted.beyond++;
      continue;
    }
    dealt[speaker]!.push(happening);
    counted.replayed++;
  }
  const tally = counted.of(path, history.format);
  for (const line of counted.shown) tell(line);
  if (tally.replayed === 0) {
    const found =
      tally.refused === 0 ? "no row below its columns" : `no row that is not refused, of ${tally.rows}`;
    throw new HistoryError(`${path} has ${found}; expected at least one play`);
  }
  tell(`${path}: ${tally.format}, ${describeTally(tally)}`);
  return {
    happenings: (speaker) => dealt[speaker]!,
    eventsOf: (speaker) => dealt[speaker]!.length,
    events: tally.replayed,
    history: tally,
  };
}

function modelled(speaker: number, random: Random): Listener {
  const first = speaker - (speaker % HOUSEHOLD_SIZE);
  const neighbours = Array.from({ length: HOUSEHOLD_SIZE }, (_, i) => first + i)
    .filter((other) => other !== speaker)
    .map(placeOf);
  return createListener({ random, ...placeOf(speaker), neighbours, startedAtMs: STARTED_AT_MS });
}

function placeOf(speaker: number) {
  return {
    playerId: `player-${speaker}`,
    groupId: `group-${speaker}`,
    householdId: `household-${Math.floor(speaker / HOUSEHOLD_SIZE)}`,
  };
}

/** What a speaker reports for as long as anybody asks; called again for the same speaker it makes the same. */
export function* endlessHappenings(speaker: number, random: Random): Generator<Happening> {
  const listener = modelled(speaker, random);
  for (;;) yield listener.next();
}
