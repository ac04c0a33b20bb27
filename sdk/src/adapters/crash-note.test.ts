import { describe, expect, it, vi } from "vitest";
import { instance } from "../testing/instance.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { TapedPlays } from "../testing/taped-plays.ts";
import type { PlayNotes } from "./play-notes.ts";
import { PlayTracker } from "./play-tracker.ts";

/** Notes that outlive trackers. */
class MemoryNotes implements PlayNotes {
  text: string | undefined;
  writes = 0;
  keepNow?: NonNullable<PlayNotes["keepNow"]> = (text) => {
    this.writes++;
    this.text = text;
  };

  async left(): Promise<readonly string[]> {
    return this.text === undefined ? [] : [this.text];
  }

  async keep(text: string | undefined): Promise<void> {
    this.writes++;
    this.text = text;
  }
}

/** A start of the process on the same notes. */
function start(notes: PlayNotes, telemetry = new TapedPlays(), onTrouble = vi.fn()) {
  const clock = new ManualClock();
  const tracker = new PlayTracker({ telemetry, clock, notes, player_id: "p1", onTrouble });
  const item = { key: "a", durationMs: 600_000, words: { title: "Étude" } };
  return {
    clock,
    telemetry,
    onTrouble,
    tracker,
    play: () => tracker.see({ state: "playing", item, positionMs: 0 }),
    item,
  };
}

describe("a play whose process crashes", () => {
  it("has its final at the next start, once, with what was noted of it", async () => {
    const notes = new MemoryNotes();
    const first = start(notes);
    first.play();
    await first.clock.advance(65_000);
    expect(first.telemetry.plays).toEqual([]);
    const second = start(notes);
    await second.clock.settle();
    expect(second.telemetry.plays).toMatchObject([
      {
        reason_end: "unexpected-exit",
        reason_basis: "inferred",
        ms_played: 60_000,
        title: "Étude",
        player_id: "p1",
      },
    ]);
    second.telemetry.tell("durable", { epoch: "epoch-1", throughSeq: 2 });
    await second.clock.settle();
    expect(notes.text).toBeUndefined();
    const third = start(notes);
    await third.clock.settle();
    expect(third.telemetry.plays).toEqual([]);
  });

  it("has none without notes, which shows what the test above tests", async () => {
    const first = start({ left: async () => [], keep: async () => undefined });
    first.play();
    await first.clock.advance(65_000);
    const second = start(new MemoryNotes());
    await second.clock.settle();
    expect(second.telemetry.plays).toEqual([]);
  });

  it("ended while paused when it was paused, and a pause writes nothing", async () => {
    const notes = new MemoryNotes();
    const first = start(notes);
    first.play();
    await first.clock.advance(1_000);
    first.tracker.see({ state: "paused", item: first.item });
    await first.clock.advance(1_000);
    const { writes } = notes;
    await first.clock.advance(3_600_000);
    expect(notes.writes).toBe(writes);
    const second = start(notes);
    await second.clock.settle();
    expect(second.telemetry.plays).toMatchObject([
      { reason_end: "unexpected-exit-while-paused", ms_played: 1_000 },
    ]);
  });
});

describe("a final that was recorded just before a crash", () => {
  const ended = async () => {
    const notes = new MemoryNotes();
    const { tracker, play, clock } = start(notes);
    play();
    await clock.advance(1_000);
    tracker.see({ state: "stopped", item: null });
    await clock.settle();
    return notes;
  };
  const after = async (notes: PlayNotes, previous: unknown) => {
    const next = start(notes);
    next.telemetry.tell("epoch", { epoch: "epoch-2", previous });
    await next.clock.settle();
    return next.telemetry.plays;
  };

  it("is not told again when the log has it", async () => {
    expect(await after(await ended(), { epoch: "epoch-1", lastSeq: 3 })).toEqual([]);
  });

  it.each([
    ["ends before it", { epoch: "epoch-1", lastSeq: 2 }],
    ["may have lost it", { epoch: "epoch-1", lastSeq: null }],
    ["is gone", undefined],
  ])("is told again, with the same id and reason, when the log %s", async (_, previous) => {
    const notes = await ended();
    const { told } = JSON.parse(notes.text!);
    expect(await after(notes, previous)).toMatchObject([
      { play_id: told[0].play.play_id, reason_end: "endplay" },
    ]);
  });

  it("leaves the note as soon as it is durable, or with a relay, and a closed tracker stops listening then", async () => {
    for (const news of ["durable", "accepted"]) {
      const notes = new MemoryNotes();
      const { tracker, play, clock, telemetry } = start(notes);
      play();
      await clock.settle();
      tracker.close();
      await clock.settle();
      expect(notes.text).toContain('"told":[{');
      telemetry.tell(news, { epoch: "epoch-1", throughSeq: 9 });
      await clock.settle();
      expect(notes.text).toBeUndefined();
      expect(telemetry.listeners).toEqual([]);
    }
  });
});

describe("a process that ends in the turn of a final", () => {
  it("leaves a note in which the play is told already, not one in which it is open", async () => {
    const notes = new MemoryNotes();
    const { tracker, play, clock } = start(notes);
    play();
    await clock.settle();
    tracker.close();
    expect(JSON.parse(notes.text!)).toMatchObject({ open: null, told: [{ epoch: "epoch-1", seq: 3 }] });
    const next = start(notes);
    next.telemetry.tell("epoch", { epoch: "epoch-2", previous: { epoch: "epoch-1", lastSeq: 3 } });
    await next.clock.settle();
    expect(next.telemetry.plays).toEqual([]);
  });

  it("leaves none when the final is durable, whatever runs before the next one with a player", async () => {
    const notes = new MemoryNotes();
    const { tracker, play, clock, telemetry } = start(notes);
    play();
    await clock.settle();
    tracker.close();
    telemetry.tell("durable", { epoch: "epoch-1", throughSeq: 3 });
    expect(notes.text).toBeUndefined();
  });

  it("leaves one that holds what was told of an earlier run, too", async () => {
    const notes = new MemoryNotes();
    const first = start(notes);
    first.play();
    await first.clock.settle();
    const telemetry = new TapedPlays();
    const left: unknown[] = [];
    const record = telemetry.play.bind(telemetry);
    telemetry.play = (play) => {
      queueMicrotask(() => left.push(JSON.parse(notes.text!)));
      return record(play);
    };
    await start(notes, telemetry).clock.settle();
    expect(left).toMatchObject([{ open: null, told: [{ seq: 2 }] }]);
  });

  it("leaves none where the note cannot be written, and says so", async () => {
    const notes = new MemoryNotes();
    const { tracker, play, clock, onTrouble } = start(notes);
    play();
    await clock.settle();
    vi.spyOn(notes, "keepNow").mockImplementation((text) => {
      if (text !== undefined) throw new Error("ENOSPC");
      notes.text = undefined;
    });
    tracker.close();
    expect(notes.text).toBeUndefined();
    expect(onTrouble.mock.calls).toEqual([["the play under way cannot be noted (ENOSPC)"]]);
  });
});

describe("a note", () => {
  it("is gone with the play where a log does not tell how far it got", async () => {
    const notes = new MemoryNotes();
    delete notes.keepNow;
    const { tracker, play, clock } = start(notes);
    play();
    await clock.settle();
    expect(notes.text).toBeDefined();
    tracker.see({ state: "stopped", item: null });
    await clock.settle();
    expect(notes.text).toBeUndefined();
  });

  it("is not kept while consent is not granted", async () => {
    const notes = new MemoryNotes();
    const { telemetry, play, clock } = start(notes);
    play();
    await clock.settle();
    expect(notes.text).toContain("Étude");
    telemetry.consent = "denied";
    await clock.advance(10_000);
    expect(notes.text).toBeUndefined();
  });

  it("goes during a pause as well", async () => {
    const notes = new MemoryNotes();
    const { telemetry, play, clock, tracker, item } = start(notes);
    play();
    tracker.see({ state: "paused", item });
    await clock.settle();
    telemetry.consent = "denied";
    await clock.advance(10_000);
    expect(notes.text).toBeUndefined();
    const { writes } = notes;
    await clock.advance(60_000);
    expect(notes.writes).toBe(writes);
  });

  it("goes with the events when consent is denied, whatever waits in it", async () => {
    const notes = new MemoryNotes();
    const { telemetry, clock } = instance(new MemoryDisk());
    const tracker = new PlayTracker({ telemetry, clock, notes, player_id: "p1" });
    tracker.see({ state: "playing", item: { key: "a", durationMs: null, words: { title: "Étude" } } });
    await clock.advance(5_000);
    tracker.close();
    await clock.settle();
    expect(notes.text).toContain('"told":[{');
    const denied = telemetry.setConsent("denied");
    await clock.advance(5_000);
    expect(await denied).toEqual({ complete: true });
    expect(notes.text).toBeUndefined();
  });

  it("that cannot be read is told of, and the next one is kept all the same", async () => {
    const notes = new MemoryNotes();
    notes.text = "{torn";
    const { play, clock, onTrouble } = start(notes);
    play();
    await clock.settle();
    expect(onTrouble.mock.calls.flat()).toEqual([
      expect.stringMatching(/^the note of the last play cannot be read/),
    ]);
    expect(notes.text).toContain("Étude");
  });

  it("that is spoilt, or a play in it, takes no other's final with it", async () => {
    const play = {
      started_at: "2025-11-22T19:49:00.000Z",
      ended_at: "2025-11-22T19:50:00.000Z",
      ms_played: 7,
    };
    const told = [
      { play: { ms_played: "x" }, epoch: "e", seq: 2 },
      { play, epoch: "e", seq: 3 },
    ];
    const notes = new MemoryNotes();
    notes.left = async () => ["null", "{torn", JSON.stringify({ v: 1, open: null, told })];
    const { telemetry, clock, onTrouble } = start(notes);
    await clock.settle();
    expect(telemetry.plays).toMatchObject([{ ms_played: 7 }]);
    expect(onTrouble).toHaveBeenCalledTimes(3);
  });

  it("that cannot be written is told of once, and tried again", async () => {
    const notes = new MemoryNotes();
    const keep = vi.spyOn(notes, "keep").mockRejectedValue(new Error("EROFS"));
    const { play, clock, onTrouble } = start(notes);
    play();
    await clock.advance(95_000);
    expect(keep.mock.calls.length).toBeGreaterThan(2);
    expect(onTrouble.mock.calls).toEqual([["the play under way cannot be noted (EROFS)"]]);
  });
});
