import type { IncomingMessage, ServerResponse } from "node:http";

/** For how long a browser remembers the answer to its preflight, in seconds; browsers cap it at two hours or so. */
const MAX_AGE_S = 86_400;

/**
 * Lets pages of known origins send batches and read the answers. To all others nothing is said, which their browsers
 * take for a no.
 * @param origins exact origins, or `*` for all.
 * @returns whether the request is a preflight that was allowed: its answer is 204, without a body.
 */
export function allowOrigin(
  origins: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (origins.length === 0) return false;
  // A cache must not give one origin's answer to another.
  response.setHeader("vary", "origin");
  const { origin } = request.headers;
  const all = origins.includes("*");
  if (origin === undefined || !(all || origins.includes(origin))) return false;
  response.setHeader("access-control-allow-origin", all ? "*" : origin);
  response.setHeader("access-control-expose-headers", "retry-after, date");
  const isPreflight =
    request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  if (!isPreflight) return false;
  response.setHeader("access-control-allow-methods", "POST");
  response.setHeader("access-control-allow-headers", "authorization, content-type, content-encoding");
  response.setHeader("access-control-max-age", MAX_AGE_S);
  return true;
}
