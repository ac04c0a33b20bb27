import { createReadStream } from "node:fs";
import { HistoryError } from "./history.ts";

/**
 * A file's text in pieces, without its byte order mark.
 * @throws HistoryError when the file cannot be opened, or is not UTF-8: a wrong guess would spoil titles silently.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let byte = 0;
  try {
    for await (const bytes of createReadStream(path) as AsyncIterable<Uint8Array>) {
      const text = decoder.decode(bytes, { stream: true });
      byte += bytes.length;
      if (text) yield text;
    }
    decoder.decode();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isEncoding = "code" in error && error.code === "ERR_ENCODING_INVALID_ENCODED_DATA";
    if (isEncoding) throw new HistoryError(`${path} is not UTF-8 text, from byte ${byte} on`, error);
    throw new HistoryError(`${path} cannot be read: ${error.message}`, error);
  }
}

/**
 * A file's lines, without their ends; empty ones too, so that counting them gives line numbers.
 * @throws HistoryError as `readText`, and when a line is longer than `charactersMax`.
 */
export async function* readLines(path: string, charactersMax: number): AsyncGenerator<string> {
  let rest = "";
  for await (const text of readText(path)) {
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      yield rest + text.slice(from, at);
      rest = "";
      from = at + 1;
    }
    rest += text.slice(from);
    if (rest.length > charactersMax) {
      throw new HistoryError(`${path} has a line of more than ${charactersMax} characters`);
    }
  }
  if (rest) yield rest;
}
