import { request } from "node:http";
import { type Clock, inTime } from "../../clock.ts";

/** No description, answer or notification of a renderer comes near to it. */
const BODY_BYTES_MAX = 1_048_576;
/** Devices in a house answer at once, or not at all. */
const ANSWER_MS = 10_000;

export interface HttpAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** This machine's address on the way to the device. */
  readonly localAddress: string | undefined;
}

/**
 * One request to a device, on a connection of its own.
 * @throws Error when it does not answer within 10 s, or with anything but 200; the message holds no address.
 */
export async function ask(
  clock: Clock,
  url: string | URL,
  method: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<HttpAnswer> {
  const over = new AbortController();
  const answer = await inTime(clock, send(url, method, headers, body, over.signal), ANSWER_MS);
  if (answer) return answer;
  over.abort();
  throw new Error(`it did not answer ${method} within ${ANSWER_MS} ms`);
}

function send(
  url: string | URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const options = { method, agent: false, signal, headers: { ...headers, "content-length": length } };
    const outgoing = request(url, options, (incoming) => {
      if (incoming.statusCode !== 200) {
        incoming.resume();
        reject(new Error(`it answered ${method} with ${incoming.statusCode}`));
        return;
      }
      const { localAddress } = incoming.socket;
      resolve(bodyOf(incoming).then((text) => ({ headers: incoming.headers, body: text, localAddress })));
    });
    outgoing.on("error", (error) =>
      reject(new Error(`${method} failed (${"code" in error ? error.code : error.name})`)),
    );
    outgoing.end(body);
  });
}

/** @throws Error when it is longer than 1 MiB. */
export async function bodyOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`its body is longer than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
