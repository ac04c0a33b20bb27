import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { alone, hold } from "./holds.ts";
import { freePort } from "./ports.ts";
import { execute } from "./processes.ts";

const IS_LINUX = process.platform === "linux";
const inAnotherProcess = async (code: string) =>
  (await execute(process.execPath, ["--input-type=module", "-e", code], { cwd: import.meta.dirname })).stdout;

it.skipIf(!IS_LINUX)(
  "a name is held by one process, until it is given back (SKIPPED unless on Linux)",
  async () => {
    const ask = 'import { hold } from "./holds.ts"; console.log((await hold("here")) ? "held" : "taken");';
    const giveBack = await hold("here");
    expect(giveBack).toBeDefined();
    expect(await hold("here")).toBeUndefined();
    expect(await inAnotherProcess(ask)).toBe("taken\n");
    await giveBack!();
    expect(await inAnotherProcess(ask)).toBe("held\n");
    // That process has ended without giving anything back.
    expect(await hold("here")).toBeDefined();
  },
);

it.skipIf(!IS_LINUX)("work under one name is done one after another (SKIPPED unless on Linux)", async () => {
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 10));
    steps.push(`${name} ends`);
  };
  await Promise.all([alone("work", work("a")), alone("work", work("b"))]);
  const [first] = steps[0]!.split(" ");
  expect(steps.slice(0, 2)).toEqual([`${first} begins`, `${first} ends`]);
  expect(steps).toHaveLength(4);
});

it("a free port is nobody's, not given twice, and none that the system gives to whoever asks for any", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  expect(ports.every((port) => port >= 10_000 && port < 32_000)).toBe(true);
  const server = createServer().listen(ports[0], "127.0.0.1");
  await once(server, "listening");
  server.close();
});
