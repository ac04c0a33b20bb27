import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@tonearm/sdk/testing";
import { afterAll, describe, expect, it } from "vitest";
import { checkConfig } from "../config/check.ts";
import { loadConfig } from "../config/load.ts";
import { SILENT, scriptedPipeline } from "../testing/pipelines.ts";
import { BookCheck } from "./book-check.ts";
import { processRegistry } from "./registry.ts";
import { relayMetrics } from "./relay-metrics.ts";

const read = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");

const HAS_SYSTEMD = spawnSync("systemd-analyze", ["--version"]).status === 0;
const directory = mkdtempSync(join(tmpdir(), "tonearm-deploy-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Every series that a relay can show. */
async function knownMetrics(): Promise<Set<string>> {
  const { pipeline, front } = await scriptedPipeline();
  const { entrance } = front;
  const check = new BookCheck(pipeline.book, new ManualClock(), SILENT);
  const config = checkConfig({ insecure: true });
  const { registry } = relayMetrics({
    pipeline,
    entrance,
    check,
    config,
    reloads: { succeeded: 0, failed: 0 },
  });
  const metrics = [registry, processRegistry()].flatMap((each) => each.getMetricsAsArray());
  return new Set(metrics.map(({ name }) => name));
}

const namesIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/\b(?:tonearm|nodejs|process)_[a-z0-9_]+/g)].map(([name]) =>
      name.replace(/_(?:bucket|sum|count)$/, ""),
    ),
  ),
];

describe("what is monitored", () => {
  it.each(["alerts.yml", "dashboard.json"])("%s names no metric that does not exist", async (name) => {
    const known = await knownMetrics();
    const named = namesIn(read(name));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((metric) => !known.has(metric))).toEqual([]);
  });

  it("the dashboard shows every figure of the relay's own but what stands in the alerts alone", async () => {
    const named = [...namesIn(read("dashboard.json")), ...namesIn(read("alerts.yml"))];
    const own = [...(await knownMetrics())].filter((name) => name.startsWith("tonearm_"));
    expect(own.filter((name) => !named.includes(name) && !UNSEEN.includes(name))).toEqual([]);
  });

  it("the dashboard's panels do not lie on each other", () => {
    const { panels } = JSON.parse(read("dashboard.json")) as { panels: Panel[] };
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it("each alert says what it is and what to do", () => {
    const alerts = read("alerts.yml").split("- alert: ").slice(1);
    expect(alerts.length).toBeGreaterThan(10);
    for (const alert of alerts) {
      expect(alert).toMatch(/severity: (?:warning|critical)/);
      expect(alert).toMatch(/\n +summary: "\{\{ \$labels\.instance \}\}: .+"\n/);
      expect(alert).toMatch(/\n +description: ".+"\n/);
    }
  });
});

/** Figures that no panel shows by themselves: others are made of the same numbers. */
const UNSEEN: readonly string[] = ["tonearm_shard_records_total", "tonearm_events_moved"];

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe("what is deployed", () => {
  /** The configuration that variables give, with nothing but what an operator must add. */
  const configOf = (text: string) => {
    const environment = Object.fromEntries(
      [...text.matchAll(/(TONEARM_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
    );
    const files = (path: string) => (path.endsWith("relay.json") ? "{}" : "a-write-key");
    return loadConfig([], {
      environment: { TONEARM_WRITE_KEYS_FILE: "/k", ...environment },
      readFile: files,
      isOpenToAll: () => false,
    }).config;
  };

  it("a container is not root's, has the batches and the operator's pages apart, and a spool in a volume", () => {
    const text = read("Dockerfile");
    const run = text.slice(text.lastIndexOf("FROM "));
    expect(run).toMatch(/^USER 1000:1000$/m);
    const { host, port, operatorPort, spool } = configOf(run.replaceAll("#", ""));
    expect([host, port, operatorPort]).toEqual(["0.0.0.0", 8_470, 9_470]);
    expect(run).toContain(`EXPOSE ${port} ${operatorPort}`);
    expect(run).toContain(`http://127.0.0.1:${operatorPort}/healthz`);
    expect(spool).toMatch(new RegExp(`^${/^VOLUME (\S+)$/m.exec(run)![1]}/`));
  });

  it("a unit has options that exist, reads keys from a file, and waits longer for the end than the relay does", () => {
    const text = read("tonearm-relay.service");
    const { writeKeys, spool, shutdownMs } = configOf(text);
    expect([writeKeys, spool]).toEqual([["a-write-key"], "%S/tonearm-relay/spool"]);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)![1]) * 1_000).toBeGreaterThan(shutdownMs);
  });

  it.skipIf(!HAS_SYSTEMD)(
    "a unit has nothing that systemd finds fault with, and little to reach (SKIPPED without systemd-analyze)",
    () => {
      const unit = join(directory, "tonearm-relay.service");
      // The program and the user are not on this machine; systemd looks for the first.
      writeFileSync(unit, read("tonearm-relay.service").replace("/usr/bin/node", process.execPath));
      const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
      expect([verified.status, verified.stderr]).toEqual([0, ""]);
      const security = ["security", "--offline=true", "--threshold=25", unit];
      const { stdout } = spawnSync("systemd-analyze", security, { encoding: "utf8" });
      expect(stdout).toMatch(/Overall exposure level for tonearm-relay.service: [01]\./);
    },
  );
});
