import { isPromise } from "./promised.ts";

/** A write key or a device token, or who gives the one that is good now. */
export type Key = string | (() => string);

/** What can stand behind `Bearer` in a header. */
const KEY = /^[\x21-\x7e]{1,2048}$/;

export const isKey = (text: unknown): text is string => typeof text === "string" && KEY.test(text);

/**
 * The header that says who sends; none without a key.
 * @throws Error when the application's function has no key now: what it gave stays out of the message, for it is a secret.
 */
export function authorization(key: Key | undefined): { readonly authorization?: string } {
  if (key === undefined) return {};
  const given = typeof key === "string" ? key : key();
  if (isPromise(given) || !isKey(given)) throw new Error("the function of option key gave none");
  return { authorization: `Bearer ${given}` };
}
