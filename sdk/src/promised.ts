/**
 * Whether what an application's function returned is a promise, such as an async function makes whatever it comes to. Its
 * rejection is seen to, so that it ends no process.
 * @param onRejected told of the rejection; by default nobody is, because whoever asks says that a promise is not acceptable.
 */
export function isPromise(
  returned: unknown,
  onRejected: (error: unknown) => void = () => undefined,
): returned is PromiseLike<unknown> {
  const isObject = typeof returned === "object" && returned !== null;
  if (!isObject || !("then" in returned) || typeof returned.then !== "function") return false;
  returned.then(undefined, onRejected);
  return true;
}
