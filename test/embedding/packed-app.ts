/**
 * The SDK as a stranger gets it: built, packed with its published exports, and unpacked into an application's
 * node_modules, with its dependencies beside it. Nothing is asked of a registry.
 */
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "../support/holds.ts";
import { execute, type Finished, ROOT } from "../support/processes.ts";

const SDK = join(ROOT, "sdk");
const APPS = fileURLToPath(new URL("./apps", import.meta.url));

export interface PackedApp {
  readonly directory: string;
  /** What the tarball says of itself. */
  readonly manifest: Manifest;
  remove(): Promise<void>;
}

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * An application that has the packed SDK, and the files of `apps/`.
 * @param others packages of the test workspace that the application has as well.
 */
export async function packedApp(others: readonly string[] = []): Promise<PackedApp> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), "tonearm-app-")));
  const modules = join(directory, "node_modules");
  const installed = join(modules, "@tonearm", "sdk");
  await cp(APPS, directory, { recursive: true });
  await mkdir(installed, { recursive: true });
  await writeFile(join(directory, "package.json"), JSON.stringify({ name: "app", type: "module" }));
  const tarball = join(directory, "sdk.tgz");
  // What is built stands in the sources' directory, which all tests share.
  await alone("build of the SDK", async () => {
    succeeded(await pnpm(["run", "build"], SDK));
    succeeded(await pnpm(["pack", "--out", tarball], SDK));
  });
  succeeded(await execute("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"], {}));
  const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as Manifest;
  await Promise.all([
    ...Object.keys(manifest.dependencies).map((name) => link(name, SDK, modules)),
    ...others.map((name) => link(name, join(ROOT, "test"), modules).catch(() => link(name, ROOT, modules))),
  ]);
  return { directory, manifest, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function link(name: string, workspace: string, modules: string): Promise<void> {
  const path = join(modules, name);
  await mkdir(dirname(path), { recursive: true });
  await symlink(await realpath(join(workspace, "node_modules", name)), path);
}

/** Runs pnpm: the one that runs the tests, or else the one that npx has. */
export function pnpm(args: readonly string[], cwd: string): Promise<Finished> {
  const own = process.env.npm_execpath;
  const [program, ...before] = own?.includes("pnpm")
    ? [process.execPath, own]
    : ["npx", "--prefer-offline", "-y", "pnpm@10"];
  const env = { ...process.env, npm_config_verify_deps_before_run: "false" };
  return execute(program, [...before, ...args], { cwd, env });
}

/** Its standard output. @throws Error with all that it said when it did not end with 0. */
export function succeeded({ code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`ended with ${code}, expected 0; it said: ${stdout}\n${stderr}`);
  return stdout;
}
