import { defineConfig } from "tsup";

export default defineConfig({
  entry: { main: "src/main.ts" },
  format: "esm",
  target: "node22.19",
  dts: true,
  sourcemap: true,
  clean: true,
});
