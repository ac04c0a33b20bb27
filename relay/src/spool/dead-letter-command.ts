import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { countOf, lastSeqOf } from "../batch.ts";
import { ConfigError } from "../config/check.ts";
import { helpFor } from "../config/flags.ts";
import { FILE_FLAG, loadOptions } from "../config/load.ts";
import { someText } from "../config/values.ts";
import { printableLine } from "../read/printable.ts";
import { type DeadLetter, readDeadLetters } from "./dead-letters.ts";
import { DEAD_LETTERS, deadLetterDisk } from "./open-spool.ts";

const shape = {
  spool: someText.describe("the spool's directory"),
  json: z.boolean().default(false).describe("one line of JSON for each event, with the event in it"),
};

export const DEAD_LETTER_HELP = `tonearm-relay dead-letter --spool DIR [options]

Lists what a relay had accepted into its spool and can bring nowhere, oldest first: when and why it was put aside, whose it is,
and which numbers. A relay may be running on the spool meanwhile. Nothing is changed. Ends with 1 if anything cannot be read.

${helpFor({ ...FILE_FLAG, ...shape })}`;

export async function deadLetterCommand(args: readonly string[]): Promise<void> {
  const options = loadOptions(args, shape);
  if (!existsSync(options.spool)) throw new ConfigError("option spool names a directory that is not there");
  let letters = 0;
  for (const directory of spoolsIn(options.spool)) letters += await list(directory, options.json);
  if (!options.json) console.log(`${letters} dead letters`);
}

/** The directory itself, and those of a relay's further workers in it, as far as they have dead letters. */
function spoolsIn(directory: string): string[] {
  const workers = readdirSync(directory).filter((name) => /^worker-\d+$/.test(name));
  const spools = [directory, ...workers.toSorted().map((name) => join(directory, name))];
  return spools.filter((spool) => existsSync(join(spool, DEAD_LETTERS)));
}

/** Resolves to how many there are in one spool. */
async function list(directory: string, asJson: boolean): Promise<number> {
  let letters = 0;
  for await (const letter of readDeadLetters(deadLetterDisk(directory))) {
    if (typeof letter === "string") {
      process.stderr.write(`tonearm-relay: the file ${letter}\n`);
      process.exitCode = 1;
      continue;
    }
    letters++;
    for (const line of asJson ? jsonLines(letter) : [inWords(letter)]) {
      process.stdout.write(printableLine(Buffer.from(line)));
    }
  }
  return letters;
}

function inWords({ reason, timeMs, batch, bytes }: DeadLetter): string {
  const when = new Date(timeMs).toISOString();
  if (!batch) return `${when} ${reason}: ${bytes.length} bytes that are no batch`;
  const { device, epoch, firstSeq } = batch;
  const last = lastSeqOf(batch);
  const numbers = last === firstSeq ? `${firstSeq}` : `${firstSeq}-${last}`;
  return `${when} ${reason}: ${device} ${epoch} ${numbers}, ${countOf(batch)} events, ${bytes.length} bytes`;
}

/** The event stands in its line as it would have in the stream. */
function jsonLines({ reason, timeMs, batch, bytes }: DeadLetter): string[] {
  const head = JSON.stringify({ reason, time_ms: timeMs }).slice(0, -1);
  if (!batch) return [`${head},"base64":"${Buffer.from(bytes).toString("base64")}"}`];
  const { records } = batch;
  return records.ends.map((end, i) => {
    const line = Buffer.from(records.bytes.subarray(records.ends[i - 1] ?? 0, end - 1));
    return `${head},"record":${line.toString()}}`;
  });
}
