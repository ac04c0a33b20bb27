import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "../refusal.ts";

/** Who may write: the holders of a key. Up to two are active at once, so that a key can be changed without a gap. */
export class WriteKeys {
  #digests: readonly Buffer[];

  /** @param keys none means that anybody may write. */
  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digestOf);
  }

  /** From now on these keys count, and no others. */
  replace(keys: readonly string[]): void {
    this.#digests = keys.map(digestOf);
  }

  /** @throws Refusal `unauthorized` unless `authorization` is `Bearer` and one of the keys. */
  check(authorization: string | undefined): void {
    if (this.#digests.length === 0) return;
    const given = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) {
      throw new Refusal("unauthorized", 'the header Authorization must be "Bearer" and a write key');
    }
    const digest = digestOf(given);
    // Every digest is compared, in constant time: neither which key nor how much of it is right can be timed.
    const matches = this.#digests.map((known) => timingSafeEqual(known, digest));
    if (!matches.includes(true))
      throw new Refusal("unauthorized", "the write key is not one of this relay's");
  }
}

const digestOf = (key: string): Buffer => createHash("sha256").update(key).digest();
