import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { lockDirectory } from "./directory-lock.ts";

const { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } = fs;

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    openSync: vi.fn(real.openSync),
    writeSync: vi.fn(real.writeSync),
    closeSync: vi.fn(real.closeSync),
    readlinkSync: vi.fn(real.readlinkSync),
  };
});

const directories: string[] = [];

function freshDirectory(): string {
  directories.push(mkdtempSync(join(tmpdir(), "tonearm-lock-")));
  return directories.at(-1)!;
}

afterEach(() => {
  vi.mocked(fs.openSync).mockClear();
  vi.mocked(fs.closeSync).mockClear();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const systemError = (code: string) => Object.assign(new Error(`${code}: injected by the test`), { code });
const fail = (code: string) => () => {
  throw systemError(code);
};

describe("a lock on a medium without room", () => {
  it("takes the place of the ballast", () => {
    const directory = freshDirectory();
    writeFileSync(join(directory, "ballast"), "x");
    vi.mocked(fs.writeSync).mockImplementationOnce(fail("ENOSPC"));
    const lock = lockDirectory(directory);
    expect(readdirSync(directory)).toEqual(["lock"]);
    expect(readFileSync(join(directory, "lock"), "utf8")).toContain(String(process.pid));
    lock.release();
    expect(fs.closeSync).toHaveBeenCalledTimes(vi.mocked(fs.openSync).mock.calls.length);
    expect(existsSync(join(directory, "lock"))).toBe(false);
  });

  it.each([
    ["it cannot be written", () => vi.mocked(fs.writeSync).mockImplementationOnce(fail("ENOSPC"))],
    ["half of it is written", () => vi.mocked(fs.writeSync).mockImplementationOnce(() => 3)],
    ["it cannot be created", () => vi.mocked(fs.openSync).mockImplementationOnce(fail("EDQUOT"))],
  ])("is done without when there is no ballast and %s; nothing is left, no file stays open", (_, inject) => {
    const directory = freshDirectory();
    inject();
    const lock = lockDirectory(directory);
    expect(readdirSync(directory)).toEqual([]);
    const opened = vi.mocked(fs.openSync).mock.results.filter(({ type }) => type === "return");
    expect(fs.closeSync).toHaveBeenCalledTimes(opened.length);
    lock.release();
  });

  it("is refused with a TonearmError when it cannot be made for another reason", () => {
    const directory = freshDirectory();
    vi.mocked(fs.writeSync).mockImplementationOnce(fail("EIO"));
    expect(() => lockDirectory(directory)).toThrow(
      expect.objectContaining({ name: "TonearmError", code: "directory_unusable" }),
    );
    expect(readdirSync(directory)).toEqual([]);
  });
});

it.skipIf(process.platform === "win32")(
  "a process that can write no byte starts, and sends what an earlier one stored",
  () => {
    const directory = freshDirectory();
    const script = `
      import { createServer } from "node:http";
      import { once } from "node:events";
      import { decode } from ${JSON.stringify(import.meta.resolve("@msgpack/msgpack"))};
      import { createTelemetry } from ${JSON.stringify(new URL("./create-telemetry.ts", import.meta.url).href)};
      const types = [];
      const server = createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const batch = decode(Buffer.concat(chunks));
        types.push(...batch.events.map(([type]) => type));
        response.end(JSON.stringify({ acked_through: batch.first_seq + batch.events.length - 1, durable: "stream" }));
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const telemetry = createTelemetry({
        endpoint: process.argv[1] === "store" ? "http://127.0.0.1:9" : "http://127.0.0.1:" + server.address().port,
        device: "d1", directory: ${JSON.stringify(directory)}, freeBytesMin: 0,
      });
      telemetry.on("error", () => undefined);
      if (process.argv[1] === "store") telemetry.record("stored", {});
      const { delivered } = await telemetry.close({ timeoutMs: process.argv[1] === "store" ? 300 : 30_000 });
      console.log(delivered, types.join());
      process.exit(0);
    `;
    const run = (limit: string, what: string) => {
      const node = [process.execPath, "--input-type=module", "-e", script, what];
      const options = { encoding: "utf8", timeout: 60_000 } as const;
      const { stdout, stderr } = spawnSync("sh", ["-c", `${limit} exec "$@"`, "sh", ...node], options);
      return stdout + stderr;
    };
    expect(run("", "store")).toBe("false \n");
    expect(run("ulimit -f 0;", "send")).toBe("true $open,stored,$close,$open,$close\n");
  },
  60_000,
);
