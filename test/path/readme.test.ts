import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { blocksOf, DEFAULT_RELAY } from "../support/pages.ts";
import { execute, ROOT } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

/** The one program of the system that a page uses. */
const HAS_CURL = spawnSync("curl", ["--version"]).status === 0;

describe("what the pages show", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let stream: string;
  // Inside the workspace, so that the packages are found as a user's would be.
  const directory = join(ROOT, "test", ".readme");

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

  it("the README's code runs as it stands, in at most ten lines of statements, and its events reach the stream", async () => {
    const [code, ...others] = await blocksOf("README.md", "ts");
    expect(others).toEqual([]);
    expect(code).toContain(DEFAULT_RELAY);
    expect(code!.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(10);
    await writeFile(join(directory, "readme.ts"), code!.replace(DEFAULT_RELAY, relay.url));
    const { code: status, stderr } = await execute(process.execPath, ["--conditions=source", "readme.ts"], {
      cwd: directory,
    });
    expect([status, stderr]).toEqual([0, ""]);
    const { events, epochs } = await verdictsOf(server.client, stream);
    expect(events.map(({ device, type }) => [device, type])).toEqual([
      ["kitchen", "button"],
      ["kitchen", "play"],
    ]);
    expect([...epochs.values()].map(({ verdict }) => verdict)).toEqual(["COMPLETE"]);
  });

  it.skipIf(!HAS_CURL)(
    "the protocol's curl example is accepted as it stands (SKIPPED without curl)",
    async () => {
      const [example] = await blocksOf("docs/protocol.md", "sh");
      const command = example!.replace(DEFAULT_RELAY, relay.url);
      const { stdout } = await execute("sh", ["-c", command], {
        env: { ...process.env, KEY: "any-key-at-all" },
      });
      expect(JSON.parse(stdout)).toMatchObject({ acked_through: 1, durable: "stream" });
    },
  );

  it("every command and every page that the README names is there", async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const commands = (await blocksOf("README.md", "sh"))
      .join("\n")
      .matchAll(/^(?:npx -y pnpm@10|pnpm) (\w+)/gm);
    for (const [, name] of commands) expect(Object.keys(scripts)).toContain(name);
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    for (const [, page] of readme.matchAll(/\]\(([\w/.-]+)\)/g)) await readFile(join(ROOT, page!));
  });

  it("every code of a refusal stands in the protocol", async () => {
    const protocol = await readFile(join(ROOT, "docs/protocol.md"), "utf8");
    const { REFUSAL_CODES } = await import("@tonearm/sdk/wire");
    for (const code of REFUSAL_CODES) expect(protocol).toContain(`\`${code}\``);
  });
});
