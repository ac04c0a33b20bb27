import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { Log } from "../log.ts";
import { Pipeline } from "../pipeline.ts";
import { batchOf } from "../testing/batches.ts";
import { accepted, ScriptedKinesis, SILENT, unreachable } from "../testing/pipelines.ts";
import { ConfigError, checkConfig } from "./check.ts";
import { reloadInto } from "./reload.ts";
import { type Config, RELOADED } from "./schema.ts";

const KEYS = { writeKeys: ["first-key"] };

function reload(before: object, load: () => Config) {
  const lines: unknown[] = [];
  const note: Log["info"] = (message, fields) => lines.push({ message, ...fields });
  const config = checkConfig(before as Record<string, unknown>);
  const isTaken = reloadInto(config, load, { info: note, warn: note, error: note });
  return { config, isTaken, lines };
}

/** Which options a pipeline reads while it is made and started, and which when it works, through failures too. */
async function readByPipeline() {
  let read = new Set<string>();
  const config = new Proxy(checkConfig({ insecure: true, failuresToOpen: 2 }), {
    get(target, name) {
      read.add(String(name));
      return Reflect.get(target, name);
    },
  });
  const kinesis = new ScriptedKinesis();
  const clock = new ManualClock();
  const { put, loadShape } = kinesis;
  const pipeline = new Pipeline(config, { clock, log: SILENT, spool: undefined, put, loadShape });
  await pipeline.start();
  const atStart = read;
  read = new Set();
  pipeline.admission.hold().take(1);
  for (const [seq, answer] of [accepted, unreachable, unreachable].entries()) {
    kinesis.answer = answer;
    void pipeline.accept(batchOf("d1", 1 + seq, 1)).catch(() => undefined);
    await clock.advance(60_000);
  }
  return { atStart, atWork: read };
}

describe("an option that a reload changes", () => {
  it("is read when it is needed, and not kept from the start", async () => {
    const { atStart, atWork } = await readByPipeline();
    expect(RELOADED.filter((name) => atStart.has(name) && !atWork.has(name))).toEqual([]);
    expect(RELOADED.filter((name) => atWork.has(name)).length).toBeGreaterThan(10);
  });

  it("would be found out if it were kept (control)", async () => {
    const { atStart, atWork } = await readByPipeline();
    expect([atStart.has("shardBytesPerSecond"), atWork.has("shardBytesPerSecond")]).toEqual([true, false]);
  });
});

describe("a reload", () => {
  it("takes what can change, says what waits for a restart, and leaves that as it was", () => {
    const next = { writeKeys: ["first-key", "second-key"], aggregateAgeMs: 50, port: 99 };
    const { config, isTaken, lines } = reload(KEYS, () => checkConfig(next));
    expect(isTaken).toBe(true);
    expect(config).toMatchObject({ writeKeys: ["first-key", "second-key"], aggregateAgeMs: 50, port: 8_470 });
    const fields = { changed: "writeKeys aggregateAgeMs", afterRestart: "port" };
    expect(lines).toEqual([{ message: "configuration reloaded", ...fields }]);
  });

  it("that cannot be read keeps everything, and says why", () => {
    const { config, isTaken, lines } = reload(KEYS, () => {
      throw new ConfigError("unknown option prot");
    });
    expect([isTaken, config]).toEqual([false, checkConfig(KEYS)]);
    const message = "the configuration cannot be reloaded; the old one stays";
    expect(lines).toEqual([{ message, error: "unknown option prot" }]);
  });

  it("never takes the keys away from a relay that would then let anybody write", () => {
    const { config, isTaken } = reload(KEYS, () => checkConfig({ insecure: true }));
    expect([isTaken, config]).toEqual([false, checkConfig(KEYS)]);
  });
});
