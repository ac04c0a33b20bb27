/** One application, bundled as its makers do: with each bundler's own defaults for the target, minified, with a map. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import * as vite from "vite";
import webpack from "webpack";

/** What came out. */
interface Bundle {
  readonly code: string;
  /** Sources that its map names. */
  readonly sources: readonly string[];
}

/** Bundles `entry`, a file in `directory`, for pages. */
export type Bundler = (directory: string, entry: string) => Promise<Bundle>;

export const withVite: Bundler = async (directory, entry) => {
  const outDir = join(directory, "vite");
  await vite.build({
    root: directory,
    configFile: false,
    logLevel: "error",
    build: {
      outDir,
      sourcemap: true,
      target: "es2022",
      rolldownOptions: { input: join(directory, entry), output: { entryFileNames: "[name].js" } },
    },
  });
  return read(join(outDir, entry));
};

export const withEsbuild: Bundler = async (directory, entry) => {
  const outfile = join(directory, "esbuild", entry);
  await esbuild.build({
    entryPoints: [join(directory, entry)],
    outfile,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: "esm",
    logLevel: "error",
  });
  return read(outfile);
};

/** @param target webpack's: `web`, `electron-renderer`, `electron-main` and others. */
export const withWebpack =
  (target: string): Bundler =>
  async (directory, entry) => {
    const path = join(directory, target);
    const compiler = webpack({
      context: directory,
      entry: `./${entry}`,
      mode: "production",
      devtool: "source-map",
      target,
      output: { path, filename: entry.replace(".mjs", ".cjs") },
    });
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
      compiler.run((error, done) => (error ? reject(error) : resolve(done))),
    );
    if (stats?.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
    return read(join(path, entry.replace(".mjs", ".cjs")));
  };

async function read(path: string): Promise<Bundle> {
  const [code, map] = await Promise.all([readFile(path, "utf8"), readFile(`${path}.map`, "utf8")]);
  return { code, sources: (JSON.parse(map) as { sources: string[] }).sources };
}

/** Vite's development server, which bundles packages in its own way; the page is `index.html` with `entry`. */
export async function serveWithVite(directory: string, entry: string) {
  await writeFile(join(directory, "index.html"), `<script type="module" src="/${entry}"></script>`);
  const server = await vite.createServer({
    root: directory,
    configFile: false,
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
  });
  await server.listen();
  const { port } = server.httpServer!.address() as { port: number };
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}
