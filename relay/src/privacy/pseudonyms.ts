import { createHmac } from "node:crypto";
import type { NamedKey } from "../access/keys.ts";
import { JsonPaths } from "./json-paths.ts";

/** Stands between a pseudonym's domain and the rest of it, and in no device's id. */
export const PSEUDONYM_MARK = "~";

/** 128 bits: no two values of a fleet meet by chance. */
const DIGEST_BYTES = 16;

/**
 * Puts keyed pseudonyms in the place of device ids, and of whatever stands at the configured paths of an event's data,
 * before anything is stored or sent on. A pseudonym is
 *
 *   DOMAIN ~ base64url(first 16 bytes of HMAC-SHA-256(key, value))
 *
 * Who has no key can neither find the value nor check a guess. The same value has the same pseudonym everywhere in a domain,
 * and another one in each domain. No device id has a `~` in it, so none can pass for a pseudonym.
 */
export class Pseudonyms {
  readonly #key: NamedKey;
  readonly #paths: JsonPaths | undefined;

  /**
   * @param key its name is the domain.
   * @param paths members of an event's data, such as `account` or `listener.id`; a list is walked through.
   */
  constructor(key: NamedKey, paths: readonly string[]) {
    this.#key = key;
    this.#paths = paths.length > 0 ? new JsonPaths(paths) : undefined;
  }

  /** The pseudonym of a value. */
  readonly of = (value: string): string => {
    const digest = createHmac("sha256", this.#key.secret).update(value, "utf8").digest();
    return `${this.#key.id}${PSEUDONYM_MARK}${digest.toString("base64url", 0, DIGEST_BYTES)}`;
  };

  /** What is done to the data of each event; undefined when no path is configured. */
  get conceal(): ((data: Buffer) => Buffer) | undefined {
    const paths = this.#paths;
    return paths && ((data) => paths.replaceIn(data, this.of));
  }
}
