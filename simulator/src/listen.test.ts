import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetOptions } from "./fleet-options.ts";
import { HistoryError } from "./history/history.ts";
import { describeTally } from "./history/tally.ts";
import { listenTo } from "./listen.ts";
import { Random } from "./listening/random.ts";

const SAMPLES = join(import.meta.dirname, "history", "samples");
const HEADER = "endTime,artistName,trackName,msPlayed";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tonearm-listen-"));
});
afterAll(() => rm(directory, { recursive: true }));

const replay = async (history: string, events = 100_000) => {
  const told: string[] = [];
  const options: FleetOptions = {
    devices: 3,
    events,
    seconds: 1,
    deadline: 1,
    noFaults: true,
    processes: 0,
    history,
  };
  const listening = await listenTo(options, new Random("s"), (line) => told.push(line));
  const plays = [0, 1, 2].flatMap((speaker) => [...listening.happenings(speaker)]);
  return { listening, told, plays };
};
const written = async (...rows: string[]) => {
  const path = join(directory, "history.csv");
  await writeFile(path, [HEADER, ...rows, ""].join("\n"));
  return path;
};

describe("a history that is replayed", () => {
  it("of each kind has a play or a refusal for each of its rows, and says how many", async () => {
    const samples = (await readdir(SAMPLES)).filter((name) => /\.(csv|json)$/.test(name));
    expect(samples.length).toBeGreaterThan(3);
    for (const name of samples) {
      const { listening, told, plays } = await replay(join(SAMPLES, name));
      const { rows, replayed, refused, beyond } = listening.history!;
      expect([name, plays.length, listening.events]).toEqual([name, replayed, replayed]);
      expect([name, rows]).toEqual([name, replayed + refused + beyond]);
      expect(told.filter((line) => line.startsWith("refused: "))).toHaveLength(refused);
      if (name.endsWith(".csv") && !(await readFile(join(SAMPLES, name), "utf8")).includes('"')) {
        const lines = (await readFile(join(SAMPLES, name), "utf8")).trim().split("\n").length - 1;
        expect([name, rows]).toEqual([name, lines]);
      }
    }
  });

  it("tells why each row is refused, and of many how many more, by the column at fault", async () => {
    const path = await written(
      "2019-02-20 01:12,A,B,0",
      "2019-02-31 01:12,A,B,5",
      "2019-02-20 01:14,A,B",
      ...Array.from({ length: 20 }, () => "2019-02-20 01:12,A,B,-1"),
    );
    const { listening, told } = await replay(path);
    expect(listening.history).toMatchObject({
      format: "spotify-account",
      rows: 23,
      replayed: 1,
      refused: 22,
      refusedBy: { endTime: 1, msPlayed: 21 },
      beyond: 0,
    });
    expect(told[0]).toBe(
      `refused: ${path}: row 3, column endTime is "2019-02-31 01:12", expected a moment from 2002 to 2099`,
    );
    expect(told.slice(20)).toEqual([
      "refused: 2 more rows",
      `${path}: spotify-account, 23 rows: 1 replayed, 22 refused (by column: endTime 1, msPlayed 21)`,
    ]);
  });

  it("counts what is beyond the number of events that was asked for", async () => {
    const path = await written(
      ...Array.from({ length: 5 }, (_, at) => `2019-02-20 01:1${at},A,B,1000`),
      "x,A,B,1",
    );
    const { listening, plays, told } = await replay(path, 2);
    expect([plays.length, listening.events]).toEqual([2, 2]);
    expect(describeTally(listening.history!)).toBe(
      "6 rows: 2 replayed, 1 refused (by column: endTime 1), 3 beyond --events",
    );
    expect(told.at(-1)).toContain("3 beyond --events");
  });

  it("of which no row is a play cannot be replayed, and says why", async () => {
    const path = await written("x,A,B,1");
    await expect(replay(path)).rejects.toThrow(HistoryError);
    await expect(replay(path)).rejects.toThrow(
      `${path} has no row that is not refused, of 1; expected at least one play`,
    );
  });
});

it("a fleet that follows the model records as many events as were asked for, and has no history", async () => {
  const options = { devices: 3, events: 7, seconds: 1, deadline: 1, noFaults: true, processes: 0 };
  const listening = await listenTo(options, new Random("s"), () => undefined);
  expect([listening.events, listening.history]).toEqual([7, undefined]);
});
