/** One place that options come from: a file, the environment, the command line. */
export interface Layer {
  /** Values by the names of options, as that place spells them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where the value of `name` stands, as an operator finds it: `--port`, `TONEARM_PORT`, `/etc/tonearm/relay.json`. */
  sourceOf(name: string): string;
  /** What is wrong with the place itself, one sentence each. */
  readonly faults: readonly string[];
  /** Files with secrets in them. */
  readonly secretFiles: readonly string[];
}

/** A place that says nothing. */
export const NO_LAYER: Layer = { values: {}, sourceOf: () => "", faults: [], secretFiles: [] };

/** Reads a file of the configuration whole. @throws what the system says. */
export type ReadFile = (path: string) => string;

export const reasonOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code ?? "it cannot be read";
