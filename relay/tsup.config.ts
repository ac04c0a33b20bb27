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
});
