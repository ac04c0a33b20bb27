import { once } from "node:events";
import { systemClock } from "@tonearm/sdk/ports";
import { z } from "zod";
import { helpFor } from "../config/flags.ts";
import { FILE_FLAG, loadOptions } from "../config/load.ts";
import { targetShape } from "../config/schema.ts";
import { openTarget } from "../kinesis/target.ts";
import { printableLine } from "./printable.ts";
import { StreamReader } from "./stream-reader.ts";

const shape = {
  ...targetShape,
  fromStart: z.boolean().default(false).describe("begin with the oldest record instead of the next"),
  follow: z.boolean().default(false).describe("with --from-start: go on waiting for new records at the end"),
};

export const TAIL_HELP = `tonearm-relay tail [options]

Prints the stream's user records, taken out of their aggregates, one line each. Control characters are escaped. Waits for new
ones until it is interrupted; with --from-start it ends where the stream does.

${helpFor({ ...FILE_FLAG, ...shape })}`;

const CLIENT = { requestTimeoutMs: 60_000, connectionsMax: 16 };

export async function tailCommand(args: readonly string[], cli: string): Promise<void> {
  const options = loadOptions(args, shape);
  const target = await openTarget(options, cli, CLIENT);
  const abort = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => abort.abort());
  // Whoever reads us may have had enough, as `head` does.
  process.stdout.on("error", () => abort.abort());
  const reader = new StreamReader(target.client, options.stream, systemClock, {
    follow: !options.fromStart || options.follow,
    fromLatest: !options.fromStart,
    signal: abort.signal,
  });
  try {
    await reader.read(async ({ userRecords }) => {
      for (const { data } of userRecords) {
        if (abort.signal.aborted) return;
        if (!process.stdout.write(printableLine(data))) {
          await Promise.race([once(process.stdout, "drain"), once(abort.signal, "abort")]);
        }
      }
    });
  } finally {
    await target.close();
  }
}
