import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Primary, type Serving, type WorkerProcess } from "./primary.ts";

const SERVING = { kind: "serving", url: "http://127.0.0.1:1", operatorUrl: "http://127.0.0.1:1" } as const;

/** Workers as the primary sees them, which do what a test has them do. */
function staging(count: number) {
  const clock = new ManualClock();
  const errors: string[] = [];
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (message: string) => void errors.push(message),
  };
  const workers: {
    number: number;
    where: string | undefined;
    told: ToWorker[];
    killed: string[];
    say(message: FromWorker): void;
    exit(code?: number): void;
  }[] = [];
  const start = (number: number, where: Serving | undefined): WorkerProcess => {
    const told: ToWorker[] = [];
    const killed: string[] = [];
    let say: (message: FromWorker) => void = () => undefined;
    let exit: (code: number | undefined) => void = () => undefined;
    workers.push({
      number,
      where: where?.url,
      told,
      killed,
      say: (message) => say(message),
      exit: (code) => exit(code),
    });
    return {
      send: (message) => void told.push(message),
      onMessage: (listener) => {
        say = listener;
      },
      onExit: (listener) => {
        exit = listener;
      },
      kill: (signal) => void killed.push(signal),
    };
  };
  const primary = new Primary({ count, start, epochsMax: 100, clock, log });
  const begin = async () => {
    const serving = primary.start();
    for (const worker of workers) worker.say(SERVING);
    return serving;
  };
  return { primary, clock, workers, errors, begin };
}

describe("the process that starts the workers", () => {
  it("tells all others what one of them let in", async () => {
    const { workers, begin } = staging(3);
    await begin();
    const message = { kind: "spent", spent: [{ kind: "device", name: "d", bytes: 7 }] } as const;
    workers[1]!.say(message);
    expect(workers.map(({ told }) => told)).toEqual([[message], [], [message]]);
  });

  it("serves once all of them do", async () => {
    const { primary, workers } = staging(2);
    let serving: unknown;
    const started = (async () => {
      serving = await primary.start();
    })();
    workers[0]!.say(SERVING);
    await new Promise(setImmediate);
    expect(serving).toBeUndefined();
    workers[1]!.say(SERVING);
    await started;
    expect(serving).toMatchObject({ url: SERVING.url });
  });

  it("ends all of them, with the same code, when one cannot start", async () => {
    const { primary, workers } = staging(2);
    const serving = primary.start();
    workers[1]!.exit(2);
    expect(workers[0]!.told).toEqual([{ kind: "stop" }]);
    workers[0]!.exit(0);
    expect(await serving).toBe(2);
  });

  it("replaces one that dies, at once at first and later and later when it dies again and again", async () => {
    const { clock, workers, errors, begin } = staging(2);
    await begin();
    for (const waitMs of [200, 400, 800]) {
      workers.at(-1)!.exit();
      const before = workers.length;
      await clock.advance(waitMs - 1);
      expect(workers).toHaveLength(before);
      await clock.advance(1);
      expect(workers).toHaveLength(before + 1);
    }
    expect(workers.map(({ number }) => number)).toEqual([1, 2, 2, 2, 2]);
    expect(workers.map(({ where }) => where)).toEqual([undefined, undefined, ...Array(3).fill(SERVING.url)]);
    expect(errors).toHaveLength(3);
    await clock.advance(60_000);
    workers.at(-1)!.exit();
    await clock.advance(200);
    expect(workers).toHaveLength(6);
  });

  it("moves an epoch from worker to worker, and from one that died with nothing known of it", async () => {
    const { workers, begin } = staging(2);
    await begin();
    const [first, second] = workers;
    const claim = (id: number) => ({ kind: "claim", id, epochKey: "d e" }) as const;
    first!.say(claim(1));
    await new Promise(setImmediate);
    expect(first!.told).toEqual([{ kind: "answer", id: 1, value: null }]);
    second!.say(claim(1));
    await new Promise(setImmediate);
    expect(first!.told.at(-1)).toEqual({ kind: "release", id: 1, epochKey: "d e" });
    first!.say({ kind: "answer", id: 1, value: { fromSeq: 1, throughSeq: 2, durable: "spool" } });
    await new Promise(setImmediate);
    expect(second!.told.at(-1)).toMatchObject({ kind: "answer", id: 1, value: { throughSeq: 2 } });
    first!.say(claim(2));
    await new Promise(setImmediate);
    second!.exit();
    await new Promise(setImmediate);
    expect(first!.told.at(-1)).toEqual({ kind: "answer", id: 2, value: null });
  });

  it("brings the figures of all that answer together", async () => {
    const { workers, begin, clock } = staging(3);
    await begin();
    workers[0]!.say({ kind: "ask page", id: 1, path: "/status.json" });
    for (const [i, { told, say }] of workers.entries()) {
      const { id } = told.at(-1) as { id: number };
      if (i < 2) say({ kind: "answer", id, value: { book: { received: i + 1 } } });
    }
    await clock.advance(3_000);
    await new Promise(setImmediate);
    const { value } = workers[0]!.told.at(-1) as { value: { body: string } };
    expect(JSON.parse(value.body)).toEqual({ book: { received: 3 }, workers: 2 });
  });

  it("stops all of them, replaces none, and kills what does not end in time", async () => {
    const { primary, clock, workers, begin } = staging(2);
    await begin();
    primary.reload();
    expect(workers[1]!.killed).toEqual(["SIGHUP"]);
    const code = primary.stop(1_000);
    expect(workers.map(({ told }) => told.at(-1))).toEqual([{ kind: "stop" }, { kind: "stop" }]);
    workers[0]!.exit(0);
    await clock.advance(1_000);
    expect(workers[1]!.killed).toEqual(["SIGHUP", "SIGKILL"]);
    workers[1]!.exit();
    expect(await code).toBe(1);
    expect(workers).toHaveLength(2);
  });
});
