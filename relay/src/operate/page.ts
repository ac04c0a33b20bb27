import type { ServerResponse } from "node:http";

/** What a request is answered with. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const jsonPage = (status: number, body: object): Page => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/**
 * Writes a page; Node leaves its body out where HEAD was asked.
 * @param last whether the connection ends with it.
 */
export function sendPage(response: ServerResponse, { status, headers, body }: Page, last = false): void {
  response.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    ...(last && { connection: "close" }),
  });
  response.end(body);
}
