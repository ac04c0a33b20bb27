import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Clients that the command knows, in the order of the table. */
export const IN_PAGE = [
  "tonearm",
  "tonearm-memory",
  "opentelemetry",
  "segment",
  "snowplow",
  "posthog",
] as const;
export type InPage = (typeof IN_PAGE)[number];

/** A client as a page would load it. */
export interface Bundle {
  readonly script: string;
  /** What a server would send of it. */
  readonly gzippedBytes: number;
}

/** Bundles a client, minified, with a global `start`. */
export async function bundleOf(name: InPage): Promise<Bundle> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { start } from "./${name}.ts"; globalThis.start = start;`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const { text, contents } = outputFiles[0]!;
  return { script: text, gzippedBytes: gzipSync(contents, { level: 9 }).length };
}
