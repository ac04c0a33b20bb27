import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkOptions } from "@tonearm/sdk/ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { blocksOf, DEFAULT_RELAY } from "../support/pages.ts";
import { execute, ROOT } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

describe("the page about the SDK", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  // Inside the workspace, so that the packages are found as a user's would be.
  const directory = join(ROOT, "test", ".sdk-page");

  beforeAll(async () => {
    server = await startServer("kinesalite");
    stream = await freshStream(server, 1);
    relay = await startTestRelay(server, stream);
    await mkdir(directory, { recursive: true });
  });
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
    await relay?.stop();
    await server?.stop();
  });

  /** Runs a block as it stands, and returns what it prints. */
  async function run(name: string, code: string): Promise<string> {
    expect(code).toContain(DEFAULT_RELAY);
    await writeFile(join(directory, name), code.replace(DEFAULT_RELAY, relay.url));
    const result = await execute(process.execPath, ["--conditions=source", name], { cwd: directory });
    expect([result.code, result.stderr]).toEqual([0, ""]);
    return result.stdout;
  }

  it("shows code that runs as it stands, and does what it says", async () => {
    const [typed, consent, seen, ...others] = await blocksOf("docs/sdk.md", "ts");
    expect(others).toEqual([]);
    expect(await run("typed.ts", typed!)).toBe("button.presses\n");
    expect(await run("consent.ts", consent!)).toBe("true dropped\n");
    const lines = (await run("seen.ts", seen!)).split("\n");
    expect(lines).toContain("2 0");
    expect(lines).toContainEqual(expect.stringMatching(/^[a-z2-7]{16} 1-2: sent, \d+ bytes of identity$/));
    const { events, epochs } = await verdictsOf(server.client, stream);
    const told = events.map(({ type, name, presses, ok, email }) => ({ type, name, presses, ok, email }));
    expect(told).toMatchObject([
      { type: "button", name: "play", presses: 1 },
      { type: "play" },
      { type: "login", ok: true, email: undefined },
      { type: "hello" },
    ]);
    expect([...epochs.values()].map(({ verdict, dropped }) => [verdict, dropped])).toEqual([
      ["COMPLETE", 0],
      ["COMPLETE", 1],
      ["COMPLETE", 0],
    ]);
  });

  it("names every option, with the default that it has", async () => {
    const page = await readFile(join(ROOT, "docs/sdk.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\|/gm)].map(([, name, standard]) => [
      name,
      standard,
    ]);
    const documented = new Map(rows as [string, string][]);
    const checked = checkOptions({ endpoint: "https://relay.example.com", device: "d" }, []);
    for (const [name, value] of Object.entries(checked)) {
      expect([name, documented.has(name)]).toEqual([name, true]);
      if (typeof value === "number")
        expect([name, documented.get(name)]).toEqual([name, value.toLocaleString("en")]);
    }
  });
});
