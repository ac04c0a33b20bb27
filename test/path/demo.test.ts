import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { makeClient } from "@tonearm/relay";
import { readTruth } from "@tonearm/simulator/testing";
import { afterAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { readIndependently } from "../support/independent-reader.ts";
import { freePort } from "../support/ports.ts";
import { run } from "../support/processes.ts";

afterAll(cleanUp);

const cli = createRequire(import.meta.url).resolve("kinesalite/cli.js");

/** Reads the directory that a demo has left, with nothing of ours: kinesalite serves it, `aws-kinesis-agg` takes it apart. */
async function readKept(directory: string) {
  const port = await freePort();
  const kinesis = spawn(process.execPath, [cli, "--port", String(port), "--path", directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(kinesis.stdout, "data");
  const client = makeClient(
    {
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    },
    { requestTimeoutMs: 60_000, connectionsMax: 4 },
  );
  const read = await readIndependently(client, "tonearm-demo");
  client.destroy();
  kinesis.kill();
  await once(kinesis, "exit");
  return read;
}

interface Report {
  readonly [field: string]: number;
}

/** Runs a demo and holds its report against what an independent reader finds, event by event. */
async function checkedDemo(...more: string[]): Promise<Report> {
  const directory = await freshDirectory();
  const args = [
    "demo",
    "--devices",
    "30",
    "--events",
    "6000",
    "--seconds",
    "10",
    "--json",
    "--keep",
    directory,
    ...more,
  ];
  const { code, stdout } = await run("simulator", args);
  const report = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Report;
  expect(code).toBe(0);
  expect(readdirSync(directory).toSorted()).toEqual(["kinesis", "truth.ndjson"]);

  const { records, kinesisRecords, kinesisBytes } = await readKept(join(directory, "kinesis"));
  const inStream = new Map(records.map(({ json }) => [`${json.device} ${json.epoch} ${json.seq}`, json]));
  const truth = { recorded: 0, durable: 0, delivered: 0, missing: 0, lost: 0 };
  for await (const { device, epoch, seq, type, data, durable } of readTruth(
    join(directory, "truth.ndjson"),
  )) {
    truth.recorded++;
    if (durable) truth.durable++;
    const found = inStream.get(`${device} ${epoch} ${seq}`);
    if (found) {
      truth.delivered++;
      const {
        time_ms: _,
        mono_ms: __,
        offset_ms: ___,
        time_quality: ____,
        received_ms: _____,
        ...rest
      } = found;
      expect(rest).toEqual({ device, epoch, seq, type, ...data });
    } else {
      truth.missing++;
      if (durable) truth.lost++;
    }
  }
  expect(truth.recorded).toBe(6_000);
  expect(report).toMatchObject({
    recorded: truth.recorded,
    durable: truth.durable,
    delivered: truth.delivered,
    dropped_declared: 0,
    duplicates: records.length - inStream.size,
    lost: truth.lost,
    lost_before_durable: truth.missing - truth.lost,
    epochs_incomplete: 0,
    unacknowledged: 0,
  });
  // An epoch that ended in order has said so; every other one broke off, and a later one says how much of it was durable.
  const epochs = new Set(records.map(({ json }) => `${json.device} ${json.epoch}`));
  const closed = new Set(
    records.filter(({ json }) => json.type === "$close").map(({ json }) => `${json.device} ${json.epoch}`),
  );
  expect(report).toMatchObject({
    epochs_complete: closed.size,
    epochs_unproven: epochs.size - closed.size,
    epochs_broken_off: epochs.size - closed.size,
  });
  expect(report.stream_bytes_per_event).toBeCloseTo(kinesisBytes / truth.delivered, 1);
  expect(report.user_records_per_kinesis_record).toBeCloseTo(records.length / kinesisRecords, 1);
  expect(truth.lost).toBe(0);
  return report;
}

// Beside each other: a demo waits for most of its ten seconds.
describe.concurrent("the demo's report is what an independent reader finds", () => {
  it("with faults, speakers crashing in the demo's own process", async () => {
    const report = await checkedDemo("--seed", "in-process");
    expect(report.crashes).toBeGreaterThan(3);
  });

  it("with faults, speakers in processes that are killed with SIGKILL", async () => {
    const report = await checkedDemo("--seed", "killed", "--processes", "3");
    expect(report.crashes).toBeGreaterThan(0);
  });

  it("without faults everything is delivered", async () => {
    const report = await checkedDemo("--seed", "calm", "--no-faults");
    expect(report).toMatchObject({
      delivered: 6_000,
      lost_before_durable: 0,
      duplicates: 0,
      crashes: 0,
      epochs_complete: 30,
      epochs_unproven: 0,
    });
  });
});
