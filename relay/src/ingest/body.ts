import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip, zstdDecompress } from "node:zlib";
import { BODY_BYTES_MAX, EVENT_BYTES_MAX, INFLATED_BYTES_MAX } from "@tonearm/sdk/wire";
import type { Hold } from "../admission.ts";
import { Refusal } from "../refusal.ts";
import { Turns } from "./turns.ts";

type Inflater = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const unzstd = promisify<Buffer, { maxOutputLength: number; info: true }, unknown>(zstdDecompress);

const inflaters: Readonly<Record<string, Inflater>> = {
  gzip: promisify(gunzip),
  zstd: async (bytes, options) => {
    const inflated = await unzstd(bytes, { ...options, info: true });
    const { buffer, engine } = inflated as { buffer: Buffer; engine: { bytesWritten: number } };
    // Unlike gzip, it says nothing of what stands behind the frame.
    if (engine.bytesWritten !== bytes.length) throw new Error("junk behind the frame");
    return buffer;
  },
};

/** A body may be this many times as large inflated; no batch of real events comes near. */
const RATIO_MAX = 100;
/** So much may come out of any body: a batch that was cut in halves down to one event is never refused for its ratio. */
const INFLATED_BYTES_FREE = 2 * EVENT_BYTES_MAX;
/** Bodies inflated at once: more than one thread can decode, and no more memory than that which nobody has counted yet. */
const inflating = new Turns(2);

/** First bytes of a compressed body; a batch in either spelling begins otherwise. */
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);
const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);

/**
 * Reads a request's body, at most 1 MiB of it.
 * @param hold is told of every piece as it comes.
 * @throws Refusal `body_too_large`, what `hold` throws, or `malformed_request` when the sender stops in the middle.
 */
export async function readBody(request: IncomingMessage, hold: Pick<Hold, "take">): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > BODY_BYTES_MAX) throw tooLarge(`${announced} bytes`);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop early must not close the connection: the sender is owed an answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) throw tooLarge(`more than ${BODY_BYTES_MAX} bytes`);
      hold.take(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("malformed_request", "the body ended before its announced length");
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

function tooLarge(found: string): Refusal {
  return new Refusal("body_too_large", `the body has ${found}, expected at most ${BODY_BYTES_MAX}`);
}

/**
 * Removes the one encoding layer that a body may have; at most 8 MiB come out, and at most 100 times the body where that is
 * more than 512 KiB. No more is ever held.
 * @param encoding the `Content-Encoding` header.
 * @throws Refusal `unsupported_encoding`, `inflated_too_large` or `malformed_body`.
 */
export async function inflate(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() || "identity";
  const inflated = name === "identity" ? body : await inflateAs(name, body);
  for (const magic of [GZIP_MAGIC, ZSTD_MAGIC]) {
    if (!inflated.subarray(0, magic.length).equals(magic)) continue;
    throw new Refusal(
      "malformed_body",
      "the body is still compressed after its Content-Encoding; one layer is allowed",
    );
  }
  return inflated;
}

async function inflateAs(name: string, body: Buffer): Promise<Buffer> {
  const inflater = Object.hasOwn(inflaters, name) ? inflaters[name] : undefined;
  if (!inflater) {
    throw new Refusal(
      "unsupported_encoding",
      "Content-Encoding must be one of gzip, zstd and identity, and only one",
    );
  }
  const maxOutputLength = Math.min(
    INFLATED_BYTES_MAX,
    Math.max(INFLATED_BYTES_FREE, RATIO_MAX * body.length),
  );
  try {
    return await inflating.run(() => inflater(body, { maxOutputLength }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new Refusal(
        "inflated_too_large",
        `the body of ${body.length} bytes inflates to more than ${maxOutputLength}`,
      );
    }
    throw new Refusal("malformed_body", `the body is not valid ${name}: damaged or cut off`);
  }
}
