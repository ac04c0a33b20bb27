import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    wire: "src/wire.entry.ts",
    "file-log": "src/file-log.entry.ts",
    ports: "src/ports.entry.ts",
  },
  format: "esm",
  target: "node20.18",
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  // Without the protocol a package of the same name could stand in the way.
  removeNodeProtocol: false,
});
