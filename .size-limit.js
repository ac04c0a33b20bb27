// What an application's bundle grows by when it imports `createTelemetry` in a browser, IndexedDB persistence included:
// everything that it reaches, bundled and minified by esbuild, gzipped.
//
// The goal is 8 kB (8,000 bytes). The limit below is where we are, so that it cannot get worse unseen; it only goes down.
export default [
  {
    name: "@tonearm/sdk in a browser",
    path: "sdk/dist/browser.js",
    import: "{ createTelemetry }",
    gzip: true,
    limit: "20.3 kB",
  },
];
