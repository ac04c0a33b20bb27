import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../support/processes.ts";
import { pnpm } from "./packed-app.ts";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const PACKAGES = ["sdk", "relay", "simulator", "test"];
const manifestOf = async (name: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(ROOT, name, "package.json"), "utf8"));

it("what users of a package get beside it is what stands here, and nothing comes in unseen", async () => {
  const [sdk, relay] = await Promise.all(["sdk", "relay"].map(manifestOf));
  expect(Object.keys(sdk!.dependencies!)).toEqual(["idb-keyval", "msgpackr", "undici"]);
  expect(Object.keys(relay!.dependencies!)).toEqual([
    "@aws-sdk/client-kinesis",
    "@aws-sdk/core",
    "@smithy/core",
    "@smithy/node-http-handler",
    "@tonearm/sdk",
    "lru-cache",
    "pino",
    "prom-client",
    "zod",
  ]);
});

it("every dependency is of one exact version, or the workspace's own", async () => {
  for (const name of [".", ...PACKAGES]) {
    const { dependencies, devDependencies } = await manifestOf(name);
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^(?:npm:\S+@)?\d+\.\d+\.\d+$|^catalog:$|^workspace:\*$/);
  }
});

/** A copy of what an installation reads, changed by `change`, and what installing from it by the lockfile ends with. */
async function install(change: (text: string, file: string) => string) {
  const copy = await mkdtemp(join(tmpdir(), "tonearm-install-"));
  try {
    await cp(join(ROOT, "pnpm-lock.yaml"), join(copy, "pnpm-lock.yaml"));
    const manifests = [".", ...PACKAGES].map((name) => join(name, "package.json"));
    for (const file of ["pnpm-workspace.yaml", ...manifests]) {
      await cp(join(ROOT, file), join(copy, file));
      await writeFile(join(copy, file), change(await readFile(join(ROOT, file), "utf8"), file));
    }
    return await pnpm(["install", "--frozen-lockfile", "--lockfile-only", "--offline"], copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

it("what is not in the lockfile is not installed", async () => {
  expect(await install((text) => text)).toMatchObject({ code: 0 });
  const drifted = await install((text, file) =>
    file === "sdk/package.json" ? text.replace(/"undici": "[^"]+"/, '"undici": "7.0.0"') : text,
  );
  expect(drifted.code).not.toBe(0);
  expect(drifted.stdout + drifted.stderr).toContain("ERR_PNPM_OUTDATED_LOCKFILE");
});

it("only what is named here runs code when it is installed; anything else fails the installation", async () => {
  const settings = await readFile(join(ROOT, "pnpm-workspace.yaml"), "utf8");
  const allowed = /^onlyBuiltDependencies:\n((?: {2}- \S+\n)+)/m.exec(settings)?.[1];
  expect(allowed?.match(/\S+$/gm)).toEqual(["node", "leveldown", "esbuild"]);
  expect(settings).toMatch(/^strictDepBuilds: true$/m);
  expect(settings).not.toMatch(/dangerouslyAllowAllBuilds/);
});
