import { cp } from "node:fs/promises";
import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    read: "src/read.entry.ts",
    flags: "src/flags.entry.ts",
    main: "src/main.ts",
  },
  format: "esm",
  target: "node22.19",
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  // The status page is read as it is, beside the code that serves it.
  onSuccess: () =>
    cp("src/operate/page", "dist/page", { recursive: true, filter: (path) => !path.endsWith(".json") }),
});
