import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeMpd, SONG, STREAM } from "../../testing/fake-mpd.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { TapedPlays } from "../../testing/taped-plays.ts";
import type { Adapter } from "../play-tracker.ts";
import { followMpd, type MpdOptions } from "./mpd.ts";

describe("following an MPD", () => {
  let mpd: FakeMpd;
  let clock: ManualClock;
  let telemetry: TapedPlays;
  let port: number;
  let adapter: Adapter | undefined;
  const onTrouble = vi.fn();
  beforeEach(async () => {
    onTrouble.mockClear();
    mpd = new FakeMpd();
    clock = new ManualClock();
    telemetry = new TapedPlays();
    port = await mpd.start();
  });
  afterEach(() => {
    adapter?.close();
    mpd.stop();
  });
  const follow = (options: Partial<MpdOptions> = {}) => {
    adapter = followMpd({ telemetry, clock, player_id: "mpd", port, onTrouble, ...options });
  };
  const heard = (command: string, times = 1) =>
    vi.waitFor(() => {
      expect(mpd.heard.filter((each) => each.startsWith(command))).toHaveLength(times);
    });

  it("attaches to a play under way, whose beginning nobody saw", async () => {
    mpd.status = SONG;
    follow();
    await heard("idle player playlist options output");
    await clock.advance(2_000);
    adapter!.close();
    expect(telemetry.finals).toMatchObject([
      {
        title: "A",
        ms_played: 2_000,
        position_start_ms: 1_500,
        reason_start: "unknown",
        reason_end: "unknown",
      },
    ]);
  });

  it("has played a song twice that stands in its queue twice, also when it was skipped, and once when it was moved", async () => {
    mpd.status = SONG;
    follow();
    await heard("idle");
    await clock.advance(1_000);
    mpd.status = SONG.with(2, "song: 4").with(3, "elapsed: 2.500");
    mpd.tell("playlist");
    await heard("idle", 2);
    await clock.advance(1_000);
    mpd.status = SONG.with(1, "songid: 7").with(2, "song: 5").with(3, "elapsed: 0.000");
    mpd.tell("player");
    await heard("idle", 3);
    await clock.advance(500);
    adapter!.close();
    expect(telemetry.finals).toMatchObject([
      { title: "A", ms_played: 2_000, reason_end: "fwdbtn" },
      { title: "A", ms_played: 500, reason_start: "fwdbtn" },
    ]);
  });

  it("says the password first, whatever is in it, and never repeats it", async () => {
    mpd.answer = (command) =>
      command.startsWith("password") ? `ACK [3@0] {password} incorrect password ${command}\n` : undefined;
    follow({ password: 'CANARY "\\\nkill' });
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalled());
    expect(mpd.heard).toEqual(['password "CANARY \\"\\\\kill"']);
    expect(onTrouble.mock.calls).toEqual([["MPD is lost (it refused a command (ACK [3@0])); trying again"]]);
  });

  it("tries again for ever, with one word of trouble for all of an outage", async () => {
    let refusals = 3;
    mpd.answer = (command) =>
      command === "outputs" && refusals-- > 0 ? "ACK [5@0] {outputs} no\n" : undefined;
    follow();
    const isBack = () => mpd.heard.some((command) => command.startsWith("idle"));
    while (!isBack()) await clock.advance(100);
    expect(mpd.heard.filter((command) => command === "outputs")).toHaveLength(4);
    expect(onTrouble.mock.calls).toHaveLength(1);
  });

  it("ends the play unexpectedly when the connection breaks", async () => {
    mpd.status = SONG;
    follow();
    await heard("idle");
    await clock.advance(1_000);
    mpd.sockets[0]!.destroy();
    await vi.waitFor(() => expect(telemetry.finals).toMatchObject([{ reason_end: "unexpected-exit" }]));
  });

  it.each([
    ["hangs", () => "", "it did not answer within 10000 ms"],
    ["never ends an answer", () => "x: y\n".repeat(20_000), "its answer has no end"],
    ["never ends a line", () => "x".repeat(1_200_000), "its answer has no end"],
  ])("leaves an MPD that %s", async (_, answer, sentence) => {
    mpd.answer = (command) => (command === "outputs" ? answer() : undefined);
    follow();
    await heard("outputs");
    await clock.advance(10_000);
    await vi.waitFor(() => expect(onTrouble).toHaveBeenCalledWith(`MPD is lost (${sentence}); trying again`));
  });

  it("looks again at a stream until it sounds, and after that whether it has stalled", async () => {
    mpd.status = STREAM;
    follow();
    await heard("idle");
    await clock.advance(500);
    await heard("idle", 2);
    expect(mpd.heard).toContain("noidle");
    mpd.status = STREAM.with(2, "elapsed: 0.300");
    await clock.advance(500);
    await heard("idle", 3);
    mpd.status = STREAM.with(2, "elapsed: 10.300");
    await clock.advance(10_000);
    await heard("idle", 4);
    await clock.advance(10_000);
    await heard("idle", 5);
    await clock.advance(500);
    adapter!.close();
    expect(telemetry.finals).toMatchObject([
      {
        title: "Jazz",
        content_type: "station",
        // The last 10 s stood still, as was seen at their end.
        ms_played: 10_300,
        ms_buffering: 10_500,
      },
    ]);
    expect(telemetry.text).not.toMatch(/CANARY|anna|192\.0/);
  });

  it("has no words for a station that has its address for a name", async () => {
    mpd.status = [
      ...STREAM.slice(0, 4).with(2, "elapsed: 5.000"),
      "Name: http://anna:CANARY@h:8000/live?t=CANARY",
    ];
    follow();
    await heard("idle");
    adapter!.close();
    expect(telemetry.finals).toMatchObject([{ title: null, container_name: null, source_type: "radio" }]);
    expect(telemetry.text).not.toMatch(/CANARY|anna|8000/);
  });

  it("tells which rooms joined and left", async () => {
    const room = (name: string, on: number) => [`outputname: ${name}`, `outputenabled: ${on}`];
    mpd.status = SONG;
    mpd.outputs = [...room("Kitchen", 1), ...room("Bath", 0)];
    follow();
    await heard("idle");
    mpd.outputs = [...room("Kitchen", 1), ...room("Bath", 1)];
    mpd.tell("output");
    await heard("idle", 2);
    mpd.outputs = [...room("Kitchen", 0), ...room("Bath", 1)];
    mpd.tell("output");
    await heard("idle", 3);
    expect(telemetry.sources).toMatchObject([
      { to: { source_type: "queue" }, group_change: "none" },
      { group_change: "joined", member_ids: ["Kitchen", "Bath"], from: { source_type: "queue" } },
      { group_change: "left", member_ids: ["Bath"] },
    ]);
    mpd.outputs = [...room("Kitchen", 1), ...room("Bath", 0), ...room("http://a:CANARY@h/", 1)];
    mpd.tell("output");
    await heard("idle", 4);
    expect(telemetry.sources.slice(3)).toMatchObject([
      { group_change: "left", member_ids: [] },
      { group_change: "joined", member_ids: ["Kitchen", "output 3"] },
    ]);
  });

  it("follows the partition that it is told to", async () => {
    follow({ partition: 'up"stairs' });
    await heard("idle");
    expect(mpd.heard[0]).toBe('partition "up\\"stairs"');
  });

  it("tells a number in the place of a room's name that is an address", async () => {
    const rooms = (on: number) =>
      ["Kitchen", "http://anna:CANARY@h:8000/"].flatMap((name) => [
        `outputname: ${name}`,
        `outputenabled: ${name === "Kitchen" ? 1 : on}`,
      ]);
    mpd.status = SONG;
    mpd.outputs = rooms(0);
    follow();
    await heard("idle");
    mpd.outputs = rooms(1);
    mpd.tell("output");
    await heard("idle", 2);
    expect(telemetry.sources.at(-1)).toMatchObject({ member_ids: ["Kitchen", "output 2"] });
  });
});
