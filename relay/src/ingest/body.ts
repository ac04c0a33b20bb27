import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import {
  brotliDecompress,
  brotliDecompressSync,
  gunzip,
  gunzipSync,
  zstdDecompress,
  zstdDecompressSync,
} from "node:zlib";
import { BODY_BYTES_MAX, EVENT_BYTES_MAX, INFLATED_BYTES_MAX } from "@tonearm/sdk/wire";
import type { Hold } from "../admission.ts";
import { Refusal } from "../refusal.ts";
import { brotliSizeIn, gzipSizeIn, zstdSizeIn } from "./inflated-size.ts";
import { Turns } from "./turns.ts";

interface Limit {
  readonly maxOutputLength: number;
  /** Room that is made for what comes out, as often as it takes. */
  readonly chunkSize: number;
}

interface Inflater {
  /** About what comes out, by what a body says itself; undefined when it says nothing. It may be wrong. */
  sizeIn(bytes: Buffer): number | undefined;
  /** In this thread, which is busy with it. */
  now(bytes: Buffer, limit: Limit): Buffer;
  /** In another thread, which costs more than a small body does. */
  later(bytes: Buffer, limit: Limit): Promise<Buffer>;
}

/** What zlib returns when it is asked for `info`, which its types do not say. */
interface Unpacked {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

type Telling = Limit & { readonly info: true };

/** Unlike gzip, these say nothing of what stands behind their last byte. */
function strict(
  sizeIn: Inflater["sizeIn"],
  now: (bytes: Buffer, options: Telling) => unknown,
  later: (bytes: Buffer, options: Telling) => Promise<unknown>,
): Inflater {
  return {
    sizeIn,
    now: (bytes, limit) => wholeOf(bytes, now(bytes, { ...limit, info: true })),
    later: async (bytes, limit) => wholeOf(bytes, await later(bytes, { ...limit, info: true })),
  };
}

function wholeOf(bytes: Buffer, unpacked: unknown): Buffer {
  const { buffer, engine } = unpacked as Unpacked;
  if (engine.bytesWritten !== bytes.length) throw new Error("junk behind the end");
  return buffer;
}

const inflaters: Readonly<Record<string, Inflater>> = {
  br: strict(brotliSizeIn, brotliDecompressSync, promisify<Buffer, Telling, unknown>(brotliDecompress)),
  gzip: { sizeIn: gzipSizeIn, now: gunzipSync, later: promisify(gunzip) },
  zstd: strict(zstdSizeIn, zstdDecompressSync, promisify<Buffer, Telling, unknown>(zstdDecompress)),
};

/** A body may be this many times as large inflated; no batch of real events comes near. */
const RATIO_MAX = 100;
/** So much may come out of any body: a batch that was cut in halves down to one event is never refused for its ratio. */
const INFLATED_BYTES_FREE = 2 * EVENT_BYTES_MAX;
/** How much may come out of so many bytes. */
export const inflatedBytesMax = (bytes: number): number =>
  Math.min(INFLATED_BYTES_MAX, Math.max(INFLATED_BYTES_FREE, RATIO_MAX * bytes));

/** Bodies up to this size are inflated without asking another thread: a millisecond or two, whatever comes out of them. */
const SMALL_BYTES_MAX = 32_768;
/** Room in one piece for all that comes out halves the cost. A body that promises much and holds little gets no more than this. */
const CHUNK_BYTES_MAX = 131_072;
const CHUNK_BYTES = 16_384;
/** The least that Node takes. */
const CHUNK_BYTES_MIN = 64;
/** Others that are inflated at once: more than one thread can decode, and no more memory than that which nobody has counted yet. */
const inflating = new Turns(2);

/** First bytes of a compressed body; a batch in any spelling begins otherwise. Brotli has none, and is no batch either. */
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);
const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);

/**
 * Reads a request's body, at most 1 MiB of it.
 * @param hold is told of every piece as it comes.
 * @throws Refusal `body_too_large`, what `hold` throws, or `malformed_request` when the sender stops in the middle.
 */
export function readBody(request: IncomingMessage, hold: Pick<Hold, "take">): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > BODY_BYTES_MAX) throw tooLarge(`${announced} bytes`);
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      try {
        if (length > BODY_BYTES_MAX) throw tooLarge(`more than ${BODY_BYTES_MAX} bytes`);
        hold.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        // The connection stays: the sender is owed an answer.
        request.off("data", take).pause();
        reject(error);
      }
    };
    request.on("data", take);
    request.on("end", () => {
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length));
      // The listeners live as long as the request does, which is until it is answered; what came need not.
      chunks.length = 0;
    });
    request.on("close", () => {
      if (!request.complete) reject(cutOff());
    });
  });
}

const cutOff = () => new Refusal("malformed_request", "the body ended before its announced length");

function tooLarge(found: string): Refusal {
  return new Refusal("body_too_large", `the body has ${found}, expected at most ${BODY_BYTES_MAX}`);
}

/**
 * Removes the one encoding layer that a body may have; at most 8 MiB come out, and at most 100 times the body where that is
 * more than 512 KiB. No more is ever held.
 * @param encoding the `Content-Encoding` header.
 * @throws Refusal `unsupported_encoding`, `inflated_too_large` or `malformed_body`.
 */
export function inflate(body: Buffer, encoding: string | undefined): Buffer | Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() || "identity";
  if (name === "identity") return requirePlain(body);
  const inflated = inflateAs(name, body);
  return inflated instanceof Promise ? inflated.then(requirePlain) : requirePlain(inflated);
}

function requirePlain(inflated: Buffer): Buffer {
  if (startsWith(inflated, GZIP_MAGIC) || startsWith(inflated, ZSTD_MAGIC)) {
    throw new Refusal(
      "malformed_body",
      "the body is still compressed after its Content-Encoding; one layer is allowed",
    );
  }
  return inflated;
}

const startsWith = (bytes: Buffer, start: Buffer): boolean => start.every((byte, i) => bytes[i] === byte);

/** One byte more than what comes out: else room would be made for what might follow. */
function chunkBytesFor(inflater: Inflater, body: Buffer): number {
  const roomBytes = (inflater.sizeIn(body) ?? CHUNK_BYTES) + 1;
  return Math.max(CHUNK_BYTES_MIN, Math.min(roomBytes, CHUNK_BYTES_MAX));
}

/** Small bodies at once, for whoever waits for them; large ones by and by. */
function inflateAs(name: string, body: Buffer): Buffer | Promise<Buffer> {
  const inflater = Object.hasOwn(inflaters, name) ? inflaters[name] : undefined;
  if (!inflater) {
    throw new Refusal(
      "unsupported_encoding",
      "Content-Encoding must be one of br, gzip, zstd and identity, and only one",
    );
  }
  const maxOutputLength = inflatedBytesMax(body.length);
  const isSmall = body.length <= SMALL_BYTES_MAX;
  const limit = { maxOutputLength, chunkSize: isSmall ? chunkBytesFor(inflater, body) : CHUNK_BYTES };
  const refuse = (error: unknown): never => {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new Refusal(
        "inflated_too_large",
        `the body of ${body.length} bytes inflates to more than ${maxOutputLength}`,
      );
    }
    throw new Refusal("malformed_body", `the body is not valid ${name}: damaged or cut off`);
  };
  if (!isSmall) return inflating.run(() => inflater.later(body, limit)).catch(refuse);
  try {
    return inflater.now(body, limit);
  } catch (error) {
    return refuse(error);
  }
}
