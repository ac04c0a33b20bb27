import { decode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import type { Run } from "./store.ts";
import { instance } from "./testing/instance.ts";
import { MemoryDisk } from "./testing/memory-disk.ts";
import { accept, unreachable } from "./testing/scripted-transport.ts";

const TEN_YEARS_MS = 10 * 365 * 86_400_000;

/** Offsets of the application's own events of a run. */
const offsetsOf = (run: Run) =>
  run.events
    .map((bytes) => decode(bytes) as [string, number, number, number | null])
    .filter(([type]) => !type.startsWith("$"))
    .map(([, , , offsetMs]) => offsetMs);

/** One life: recording, an outage, a restart, a close. Returns everything that happened, and when. */
async function life(jumpsMs: readonly number[]) {
  const disk = new MemoryDisk();
  const trace: string[] = [];
  let seed = 1;
  const start = () => {
    const made = instance(disk, {}, seed++);
    made.transport.answer = (run) => {
      trace.push(`${made.clock.now} sent ${run.firstSeq} to ${run.firstSeq + run.events.length - 1}`);
      return accept(run);
    };
    made.telemetry.on("durable", ({ throughSeq }) => trace.push(`${made.clock.now} durable ${throughSeq}`));
    made.telemetry.on("drop", ({ reason }) => trace.push(`${made.clock.now} dropped ${reason}`));
    return made;
  };
  const jump = (made: ReturnType<typeof start>, at: number) => {
    made.clock.wall += jumpsMs[at % jumpsMs.length]!;
  };
  const first = start();
  jump(first, 0);
  for (let i = 0; i < 30; i++) {
    first.telemetry.record("tick", { i });
    jump(first, i);
    await first.clock.advance(i === 20 ? 7_000 : 333);
    trace.push(`${first.clock.now} has ${first.clock.timers} timers`);
    if (i === 10) first.transport.answer = unreachable;
    if (i === 25) first.transport.answer = accept;
  }
  jump(first, 1);
  const closed = first.telemetry.close();
  jump(first, 2);
  await first.clock.advance(60_000);
  trace.push(JSON.stringify(await closed));
  const second = start();
  jump(second, 3);
  second.telemetry.record("tick", {});
  await second.clock.advance(60_000);
  trace.push(JSON.stringify(second.telemetry.stats()));
  const seqs = [...first.transport.received, ...second.transport.received];
  return { trace, order: seqs.map(({ epoch, seq, data }) => [epoch, seq, data.i]) };
}

describe("a wall clock that jumps", () => {
  it.each([
    ["forward by ten years", [TEN_YEARS_MS]],
    ["back by ten years", [-TEN_YEARS_MS]],
    ["to and fro by ten years", [TEN_YEARS_MS, -TEN_YEARS_MS, -TEN_YEARS_MS, TEN_YEARS_MS]],
  ])(
    "%s before, between and after events changes no order, no timer, no commit, no delivery",
    async (_, jumps) => {
      const undisturbed = await life([0]);
      expect(undisturbed.order.length).toBe(34);
      expect(await life(jumps)).toEqual(undisturbed);
    },
  );

  it("makes the offset unknown until the next answer, and then right again", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    const serverMs = () => 1_800_000_000_000 + clock.now;
    const offsets: (number | null)[] = [];
    transport.answer = (run) => {
      offsets.push(...offsetsOf(run));
      return { ...accept(run), serverTimeMs: serverMs() } as never;
    };
    const recordAndSend = async () => {
      telemetry.record("tick", {});
      const flushed = telemetry.flush();
      await clock.advance(10);
      await flushed;
    };
    await recordAndSend();
    const learnedMs = serverMs() - clock.wall;
    await recordAndSend();
    clock.wall -= TEN_YEARS_MS;
    await recordAndSend();
    await recordAndSend();
    // Back to where it was: right again, but what was learned meanwhile no longer is.
    clock.wall += TEN_YEARS_MS;
    await recordAndSend();
    await recordAndSend();
    expect(offsets).toEqual([null, learnedMs, null, learnedMs + TEN_YEARS_MS, null, learnedMs]);
  });

  it("stays unknown when it jumps back before anybody has answered", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    transport.answer = (run) => ({ ...accept(run), serverTimeMs: clock.wall + 5_000 }) as never;
    telemetry.record("tick", {});
    await clock.advance(10_000);
    const offsets: (number | null)[] = [];
    transport.answer = (run) => {
      offsets.push(...offsetsOf(run));
      return accept(run);
    };
    telemetry.record("tick", {});
    clock.wall += 1_001;
    telemetry.record("tick", {});
    clock.wall -= 1_001;
    telemetry.record("tick", {});
    await clock.advance(10_000);
    expect(offsets).toEqual([5_000, null, null]);
  });

  it("may drift by a second between two answers, as clocks that are being slewed do", async () => {
    const { telemetry, transport, clock } = instance(new MemoryDisk());
    const offsets: (number | null)[] = [];
    transport.answer = (run) => {
      offsets.push(...offsetsOf(run));
      return { ...accept(run), serverTimeMs: clock.wall + 20 } as never;
    };
    for (let i = 0; i < 6; i++) {
      telemetry.record("tick", {});
      await clock.advance(10_000);
      clock.wall += 900;
    }
    expect(offsets).toEqual([null, 20, 20, 20, 20, 20]);
  });
});
