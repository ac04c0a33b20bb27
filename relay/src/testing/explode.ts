/**
 * A process of its own, which nobody else's garbage is in: inflates the body on standard input, `COUNT` times one after another
 * or `at-once`, and prints by how many bytes resident memory rose at most. Arguments: ENCODING COUNT [at-once].
 */
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { inflate } from "../ingest/body.ts";

const [encoding = "", count = "1", how] = process.argv.slice(2);
const collectGarbage = (globalThis as { gc?: () => void }).gc!;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const explode = async (body: Buffer, as: string): Promise<void> => {
  try {
    await inflate(body, as);
  } catch {
    // Its test says with what it is refused.
  }
};

const bomb = await buffer(process.stdin);
// What bodies take that are as large as they may be, and no bombs, is there anyway.
const honest = Buffer.concat([randomBytes(200_000), Buffer.alloc(7_000_000, "plays")]);
for (let i = 0; i < 4; i++) {
  await explode(gzipSync(honest), "gzip");
  await explode(brotliCompressSync(honest, FAST), "br");
}
collectGarbage();
const before = process.memoryUsage().rss;
let most = before;
const look = (): void => {
  most = Math.max(most, process.memoryUsage().rss);
};
const looking = setInterval(look, 1);
if (how === "at-once")
  await Promise.all(Array.from({ length: Number(count) }, () => explode(bomb, encoding)));
else {
  for (let i = 0; i < Number(count); i++) {
    await explode(bomb, encoding);
    look();
    // When the collector comes by itself is chance, and the machine's load.
    collectGarbage();
  }
}
look();
clearInterval(looking);
console.log(most - before);
