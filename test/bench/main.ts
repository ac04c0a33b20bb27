/** `pnpm bench <name> …`: the benchmarks by name. Each file says what it measures, and how to read it. */
const BENCHMARKS = ["sdk", "browser", "wear", "envelope", "relay", "put", "workers", "loud"];
const [name = ""] = process.argv.slice(2);
if (!BENCHMARKS.includes(name)) {
  throw new Error(`the benchmark is "${name}", expected one of ${BENCHMARKS.join(", ")}`);
}
await import(`./${name}.ts`);
