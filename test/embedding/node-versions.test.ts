import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { execute, ROOT } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";
import { type PackedApp, packedApp, succeeded } from "./packed-app.ts";

/** The oldest that the SDK supports, and the newest of each later line. */
const NODES = [
  { version: "v20.18.0", program: programOf("node-20") },
  { version: "v22.23.3", program: programOf("node-22") },
  { version: "v24.21.0", program: programOf("node-24") },
  { version: "v26.10.0", program: programOf("node-26") },
] as const;
const HAS_ALL = NODES.every(({ program }) => existsSync(program));
const NOWHERE = "http://127.0.0.1:9";
const EVENTS = 200;

function programOf(name: string): string {
  return join(ROOT, "test", "node_modules", name, "bin", "node");
}

interface Said {
  readonly node: string;
  readonly epoch: string;
  readonly refused: string;
  readonly encodings: readonly string[];
  readonly result: { readonly durable: boolean; readonly delivered: boolean; readonly pendingEvents: number };
}

describe("the packed SDK, built and installed as a stranger gets it", () => {
  let app: PackedApp;
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  beforeAll(async () => {
    app = await packedApp();
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    relay = await startTestRelay(server, stream);
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await app?.remove();
    await cleanUp();
  });

  const record = async (program: string, endpoint: string, directory: string): Promise<Said> =>
    JSON.parse(
      succeeded(
        await execute(program, ["record.mjs", endpoint, directory, String(EVENTS)], { cwd: app.directory }),
      ),
    );

  it("leaves the workspace's own Node in its place", async () => {
    const own = join(ROOT, "test", "node_modules", ".bin", "node");
    const { stdout } = await execute(own, ["--version"], {});
    expect(stdout.trim()).toBe(NODES.at(-1)!.version);
  });

  it("publishes no condition that only the workspace knows, and none of the examples", () => {
    expect(existsSync(join(app.directory, "node_modules/@tonearm/sdk/examples"))).toBe(false);
    expect(JSON.stringify(app.manifest.exports)).not.toContain("source");
    expect(JSON.stringify(app.manifest.exports)).not.toContain("./src/");
  });

  for (const { version, program } of NODES) {
    it.skipIf(!existsSync(program))(
      `records, closes and delivers on Node ${version}, compressed by brotli (SKIPPED where npm has no such Node)`,
      async () => {
        const said = await record(program, relay.url, await freshDirectory());
        expect(said).toMatchObject({
          node: version,
          refused: "invalid_option",
          encodings: ["br"],
          result: { durable: true, delivered: true, pendingEvents: 0 },
        });
        const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
        expect(epochs.get(said.epoch)).toMatchObject({ verdict: "COMPLETE", missing: [] });
        expect(events.filter(({ epoch }) => epoch === said.epoch)).toHaveLength(EVENTS + 1);
        expect(duplicates).toBe(0);
      },
    );
  }

  it.skipIf(!HAS_ALL)(
    "has every entry on every version, adapters too, with no player's library beside it (SKIPPED where npm has no such Nodes)",
    async () => {
      const names = Object.keys(app.manifest.exports).map((path) => join("@tonearm/sdk", path));
      expect(names).toContain("@tonearm/sdk/adapters/mpd");
      for (const { program } of NODES) {
        const said = await execute(program, ["entries.mjs", ...names], { cwd: app.directory });
        expect(JSON.parse(succeeded(said))).toMatchObject({
          "@tonearm/sdk/adapters/file-notes": ["fileNotes"],
          "@tonearm/sdk/adapters/media-element": ["followMediaElement", "pageNotes"],
          "@tonearm/sdk/adapters/mpd": ["followMpd"],
          "@tonearm/sdk/adapters/mpris": ["followMpris"],
          "@tonearm/sdk/adapters/play-tracker": ["PlayTracker"],
          "@tonearm/sdk/adapters/sonos": ["followSonos"],
          "@tonearm/sdk/adapters/upnp": ["followUpnpRenderer"],
        });
      }
    },
  );

  it.skipIf(!HAS_ALL)(
    "leaves its directory to any other version: what all recorded offline, the oldest delivers (SKIPPED where npm has no such Nodes)",
    async () => {
      const directory = await freshDirectory();
      const lives: Said[] = [];
      for (const { program } of NODES) lives.push(await record(program, NOWHERE, directory));
      expect(lives.map(({ result }) => [result.durable, result.delivered])).toEqual(
        NODES.map(() => [true, false]),
      );
      const last = await record(NODES[0].program, relay.url, directory);
      expect(last.result).toEqual({ durable: true, delivered: true, pendingEvents: 0 });
      const { epochs, events, duplicates } = await verdictsOf(server.client, stream);
      for (const { node, epoch } of [...lives, last]) {
        expect(epochs.get(epoch)).toMatchObject({ verdict: "COMPLETE", missing: [] });
        const ticks = events.filter((event) => event.epoch === epoch && event.type === "tick");
        expect([ticks.length, ...new Set(ticks.map((tick) => tick.node))]).toEqual([EVENTS, node]);
      }
      expect(duplicates).toBe(0);
    },
  );
});
