import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeRefusal, type HistoryRow, type PlayRow } from "./history.ts";
import { openHistory } from "./open-history.ts";

const directory = mkdtempSync(join(tmpdir(), "tonearm-history-"));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(content: string | Uint8Array): string {
  const path = join(directory, `export-${++files}`);
  writeFileSync(path, content);
  return path;
}

async function read(path: string) {
  const history = await openHistory(path);
  const rows: HistoryRow[] = [];
  for await (const row of history.rows()) rows.push(row);
  const plays = rows.filter((row): row is PlayRow => row.kind === "play").map(({ play }) => play);
  return { format: history.format, rows, plays };
}

const sample = (name: string) => read(join(import.meta.dirname, "samples", name));

describe("samples of real exports", () => {
  it.each([
    ["spotify-account.csv", "spotify-account", 21],
    ["spotify-account.json", "spotify-account", 8],
    ["spotify-extended.csv", "spotify-extended", 25],
    ["spotify-extended.json", "spotify-extended", 8],
    ["lastfm.csv", "lastfm", 18],
  ])("%s is recognised by its columns, and every row becomes a play", async (name, format, count) => {
    const { format: found, rows } = await sample(name);
    expect(found).toBe(format);
    expect(rows.filter(({ kind }) => kind === "play")).toHaveLength(count);
    expect(rows).toHaveLength(count);
  });

  it("Spotify's moments are ends, so plays of 0 ms and overlaps come out as they are", async () => {
    const { plays } = await sample("spotify-account.csv");
    expect(plays[1]).toMatchObject({
      started_at: "2019-02-20T01:16:08.971Z",
      ended_at: "2019-02-20T01:19:00.000Z",
      ms_played: 171_029,
      title: "Dancing With A Stranger (with Normani)",
      reason_basis: "inferred",
    });
    expect(plays[0]!.ended_at).toBe(plays[1]!.ended_at);
    expect(plays.filter(({ ms_played }) => ms_played === 0)).toHaveLength(4);
  });

  it("commas, quotes and letters beyond ASCII survive", async () => {
    const titles = (await sample("spotify-account.csv")).plays.map(({ title }) => title);
    expect(titles).toContain('Leaving, On a Jet Plane - "Greatest Hits" Version');
    expect(titles).toContain("715 - CR∑∑KS");
  });

  it("CSV and JSON of one account history give the same plays", async () => {
    const csv = await sample("spotify-account.csv");
    expect((await sample("spotify-account.json")).plays).toEqual(csv.plays.slice(0, 8));
  });

  it("last.fm's moments are starts; the next one tells the length, and two in a second make 0 ms", async () => {
    const { plays } = await sample("lastfm.csv");
    expect(plays.slice(0, 3).map(({ started_at, ms_played }) => [started_at, ms_played])).toEqual([
      ["2019-06-03T15:25:07.000Z", 309_000],
      ["2019-06-03T15:30:16.000Z", 0],
      ["2019-06-03T15:30:16.000Z", 255_000],
    ]);
  });

  it("a change of daylight-saving time moves nothing", async () => {
    const { plays } = await sample("lastfm.csv");
    const around = plays.filter(({ started_at }) => started_at.startsWith("2019-10-2"));
    expect(around.map(({ started_at }) => started_at.slice(0, 16))).toEqual([
      "2019-10-25T14:18",
      "2019-10-26T08:31",
      "2019-10-27T08:56",
      "2019-10-27T09:01",
    ]);
  });

  it("extended history tells reasons, episodes and tracks; words outside the vocabulary are unknown", async () => {
    const csv = (await sample("spotify-extended.csv")).plays;
    expect(csv[5]).toMatchObject({ reason_start: "trackdone", reason_end: "fwdbtn", shuffle: true });
    const json = (await sample("spotify-extended.json")).plays;
    expect(json.map(({ content_type }) => content_type)).toContain("episode");
    expect(json.at(-1)).toMatchObject({
      content_type: "track",
      reason_start: "unknown",
      reason_end: "trackdone",
    });
  });
});

const listen = (second: number, more: object = {}) => ({
  listened_at: 1_700_000_000 + second,
  track_metadata: { track_name: `t${second}`, artist_name: "a", release_name: "r", additional_info: more },
});

describe("other shapes of exports", () => {
  it.each([
    ["an array", (listens: object[]) => JSON.stringify(listens)],
    ["JSON lines", (listens: object[]) => listens.map((each) => JSON.stringify(each)).join("\n")],
    [
      "what players submit",
      (listens: object[]) => JSON.stringify({ listen_type: "import", payload: listens }, null, 1),
    ],
    [
      "an answer of the API, newest first",
      (listens: object[]) => JSON.stringify({ payload: { listens: listens.toReversed() } }),
    ],
  ])("ListenBrainz listens may be %s", async (_, write) => {
    const { format, plays } = await read(
      file(
        write([
          listen(0),
          listen(100, { duration_ms: 90_000 }),
          listen(300, { duration_played: 33 }),
          listen(400),
        ]),
      ),
    );
    expect(format).toBe("listenbrainz");
    expect(plays.map(({ title, ms_played }) => [title, ms_played])).toEqual([
      ["t0", 100_000],
      ["t100", 90_000],
      ["t300", 33_000],
      ["t400", 255_000],
    ]);
  });

  it("last.fm files may tell seconds, or a spoken date, and have the newest row first", async () => {
    const uts = await read(file("uts,artist,album,track\n1700000200,a,b,two\n1700000000,a,b,one\n"));
    const spoken = await read(
      file('utc_time,artist,album,track\n"14 Nov 2023, 22:16",a,b,two\n"14 Nov 2023, 22:13",a,b,one\n'),
    );
    expect(uts.plays.map(({ title, ms_played }) => [title, ms_played])).toEqual([
      ["one", 200_000],
      ["two", 255_000],
    ]);
    expect(spoken.plays.map(({ started_at }) => started_at)).toEqual([
      "2023-11-14T22:13:00.000Z",
      "2023-11-14T22:16:00.000Z",
    ]);
  });

  it("a byte order mark and Windows line ends make no difference", async () => {
    const { plays } = await read(file("\ufeffts,track,artist,album\r\n2020-01-01 00:00:00Z,t,a,\r\n"));
    expect(plays[0]).toMatchObject({ title: "t", album: null });
  });

  it("a history can be read again", async () => {
    const history = await openHistory(join(import.meta.dirname, "samples", "lastfm.csv"));
    const count = async () => {
      let rows = 0;
      for await (const _ of history.rows()) rows++;
      return rows;
    };
    expect([await count(), await count()]).toEqual([18, 18]);
  });
});

describe("rows that are no plays", () => {
  const account = "endTime,artistName,trackName,msPlayed\n";

  it.each([
    ["2020-02-30 10:00,a,t,1", "endTime", 'is "2020-02-30 10:00", expected a moment from 2002 to 2099'],
    ["1970-01-01 00:00,a,t,1", "endTime", 'is "1970-01-01 00:00", expected a moment from 2002 to 2099'],
    ["2020-02-20 10:00,a,t,-1", "msPlayed", 'is "-1", expected a whole number, 0 or more'],
    ["2020-02-20 10:00,a,t,", "msPlayed", "is empty, expected milliseconds"],
    [
      "2020-02-20 10:00,a,t,999999999999",
      "msPlayed",
      "is 999999999999, expected milliseconds that reach back to 2002 at most",
    ],
    ["2020-02-20 10:00,a,t", "msPlayed", "makes the row uneven: it has 3 cells, expected 4"],
    ["2020-02-20 10:00,a,t,1,x", "5 (beyond the last)", "makes the row uneven: it has 5 cells, expected 4"],
    [`2020-02-20 10:00,a,${"t".repeat(1_025)},1`, "trackName", "has 1025 characters, expected at most 1024"],
  ])("%s is refused with column and reason, and the rows around it are not", async (row, column, reason) => {
    const good = "2020-02-20 10:00,a,t,1";
    const { rows } = await read(file(`${account}${good}\n${row}\n${good}\n`));
    expect(rows.map(({ kind }) => kind)).toEqual(["play", "refused", "play"]);
    expect(rows[1]).toEqual({ kind: "refused", line: 3, column, reason });
  });

  it("are described with file, row and column", () => {
    const row = {
      kind: "refused",
      line: 3,
      column: "msPlayed",
      reason: "is empty, expected milliseconds",
    } as const;
    expect(describeRefusal("a.csv", row)).toBe(
      "a.csv: row 3, column msPlayed is empty, expected milliseconds",
    );
  });

  it("in JSON are refused like those in CSV", async () => {
    const good = { endTime: "2020-02-20 10:00", artistName: "a", trackName: "t", msPlayed: 1 };
    const { rows } = await read(file(JSON.stringify([good, null, { ...good, trackName: 7 }, good])));
    expect(rows.map((row) => (row.kind === "refused" ? `${row.column} ${row.reason}` : "play"))).toEqual([
      "play",
      "(all) is empty, expected an object",
      "trackName is 7, expected text",
      "play",
    ]);
  });
});

describe("files that are no histories", () => {
  it.each([
    ["", "is empty, expected a listening history"],
    [" \n \n", "is empty, expected a listening history"],
    [
      "name,age\nx,1\n",
      "is of no known format: its columns are name, age; expected those of spotify-extended (ts, ms_played",
    ],
    ["[]", "is of no known format: its columns are none; expected"],
    ['[{"endTime": }]', "is not well-formed JSON: "],
    [
      '{"listened_at":1700000000,"track_metadata":{}}\n{"listened_at"\n',
      "is not well-formed JSON in line 2: ",
    ],
    [
      'ts,track,artist,album\n2020-01-01 00:00:00Z,"t,a,b\n',
      "is not well-formed CSV: the row at line 2 has a quoted cell",
    ],
    [new Uint8Array([0x74, 0x73, 0xff, 0xfe, 0x0a]), "is not UTF-8 text"],
  ])("%j is an error that names the file", async (content, message) => {
    const path = file(content);
    await expect(read(path)).rejects.toThrow(`${path} ${message}`);
  });

  it("a missing file is an error that names the file", async () => {
    await expect(openHistory(join(directory, "missing"))).rejects.toThrow(/missing cannot be read: ENOENT/);
  });
});
