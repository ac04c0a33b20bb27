import { inWords } from "./words.ts";

/** One batch, as `beforeSend` sees it. */
export interface Batch {
  readonly epoch: string;
  readonly fromSeq: number;
  readonly throughSeq: number;
  /** Events in it, control records included. */
  readonly events: number;
  /** Their bytes, before compression. */
  readonly bytes: number;
}

/** What `beforeSend` may answer. */
export type BeforeSendResult = { readonly headers?: Readonly<Record<string, string>> } | false | undefined;

/** Called before a batch is sent. */
export type BeforeSend = (batch: Batch) => BeforeSendResult | Promise<BeforeSendResult>;

const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** Headers that say how the body is spelled and framed; these are the transport's. */
const OWN_HEADERS = /^(content-|transfer-|host$|connection$|keep-alive$|upgrade$|expect$|te$|trailer$)/;

/**
 * The headers to add, names in lower case; undefined when the batch is to wait.
 * @throws Error naming what is not acceptable; never a header's value, which may be secret.
 */
export function headersOf(answer: BeforeSendResult): Readonly<Record<string, string>> | undefined {
  if (answer === false) return undefined;
  if (answer !== undefined && typeof answer !== "object") {
    throw new Error(`it returned ${inWords(answer)}, expected headers, false or nothing`);
  }
  return Object.fromEntries(
    Object.entries(answer?.headers ?? {}).map(([given, value]) => {
      const name = given.toLowerCase();
      if (!HEADER_NAME.test(name) || OWN_HEADERS.test(name)) {
        throw new Error(
          `header ${inWords(given)} was given, expected a name that is not the body's or the connection's`,
        );
      }
      if (typeof value !== "string" || !/^[\t\x20-\x7e]*$/.test(value)) {
        throw new Error(
          `the value of header ${inWords(given)} is not acceptable, expected visible ASCII text`,
        );
      }
      return [name, value];
    }),
  );
}
