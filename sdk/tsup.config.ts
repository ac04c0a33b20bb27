import { defineConfig } from "tsup";
import { MANGLED_NAMES } from "./src/mangled-names.ts";

// Without the protocol a package of the same name could stand in the way.
const shared = { format: "esm", sourcemap: true, splitting: true, removeNodeProtocol: false } as const;

export default defineConfig([
  {
    ...shared,
    entry: {
      index: "src/index.ts",
      wire: "src/wire.entry.ts",
      "file-log": "src/file-log.entry.ts",
      ports: "src/ports.entry.ts",
      "adapters/play-tracker": "src/adapters/play-tracker.entry.ts",
      "adapters/file-notes": "src/adapters/file-notes.entry.ts",
      "adapters/mpd": "src/adapters/mpd.entry.ts",
      "adapters/mpris": "src/adapters/mpris.entry.ts",
      "adapters/sonos": "src/adapters/sonos.entry.ts",
      "adapters/upnp": "src/adapters/upnp.entry.ts",
    },
    target: "node20.18",
    dts: true,
  },
  {
    ...shared,
    // Its types are those of `index`: one API, whatever the runtime.
    entry: {
      browser: "src/browser.entry.ts",
      "adapters/media-element": "src/adapters/media-element.entry.ts",
    },
    platform: "browser",
    target: "es2022",
    // A page pays for every byte; bundlers cannot know which names are nobody else's.
    esbuildOptions(options) {
      options.mangleProps = new RegExp(`^(${MANGLED_NAMES.join("|")})$`);
    },
    tsconfig: "src/browser/tsconfig.json",
    dts: { entry: { "adapters/media-element": "src/adapters/media-element.entry.ts" } },
  },
]);
