import type { AsyncCommand } from "fast-check";

/** A command of a model test: what it is called when a run fails, and what it does; what does not hold is thrown. */
export const command = <Bench extends object>(
  name: string,
  run: (bench: Bench) => unknown,
): AsyncCommand<Bench, undefined> => ({
  check: () => true,
  run: async (bench) => {
    await run(bench);
  },
  toString: () => name,
});
