import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { checkConfig } from "./config/check.ts";
import { readFlags } from "./config/flags.ts";
import { CONFIG_FLAGS } from "./config/schema.ts";
import { allowOrigin } from "./cors.ts";

const PAGE = "https://player.example.com";

/** What is answered to a request with `headers`, and whether it is a preflight that was allowed. */
function asked(origins: string[], method: string, headers: Record<string, string>) {
  const answered: Record<string, unknown> = {};
  const response = {
    setHeader: (name: string, value: unknown) => Object.assign(answered, { [name]: value }),
  };
  const preflight = allowOrigin(
    origins,
    { method, headers } as unknown as IncomingMessage,
    response as unknown as ServerResponse,
  );
  return { preflight, answered };
}

describe("a page of another origin", () => {
  it("may send batches and read Retry-After when its origin was named", () => {
    expect(asked([PAGE], "POST", { origin: PAGE })).toEqual({
      preflight: false,
      answered: {
        vary: "origin",
        "access-control-allow-origin": PAGE,
        "access-control-expose-headers": "retry-after, date",
      },
    });
  });

  it("gets its preflight answered, to be remembered for a day", () => {
    const preflight = { origin: PAGE, "access-control-request-method": "POST" };
    expect(asked([PAGE], "OPTIONS", preflight)).toMatchObject({
      preflight: true,
      answered: {
        "access-control-allow-origin": PAGE,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "authorization, content-type, content-encoding",
        "access-control-max-age": 86_400,
      },
    });
    expect(asked(["*"], "OPTIONS", preflight).answered["access-control-allow-origin"]).toBe("*");
  });

  it.each([
    ["of an origin that was not named", [PAGE], { origin: "https://evil.example.com" }],
    ["of a name that only begins like it", [PAGE], { origin: `${PAGE}.evil.example.com` }],
    ["of another port", [PAGE], { origin: `${PAGE}:8443` }],
    ["of a sandbox without an origin", [PAGE], { origin: "null" }],
    ["that has no origin at all", [PAGE], {}],
    ["when no origin was named", [], { origin: PAGE }],
  ])("%s hears nothing", (_, origins, headers) => {
    const { preflight, answered } = asked(origins, "OPTIONS", {
      ...(headers as Record<string, string>),
      "access-control-request-method": "POST",
    });
    expect(preflight).toBe(false);
    expect(Object.keys(answered).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("--cors-origin", () => {
  it("can be given more than once", () => {
    const flags = readFlags(["--cors-origin", PAGE, "--cors-origin", "http://127.0.0.1:8080"], CONFIG_FLAGS);
    expect(checkConfig({ ...flags, insecure: true }).corsOrigins).toEqual([PAGE, "http://127.0.0.1:8080"]);
    expect(checkConfig({ insecure: true }).corsOrigins).toEqual([]);
  });

  it.each([`${PAGE}/`, "player.example.com", "https://*.example.com:x", ""])("refuses %j", (text) => {
    expect(() => checkConfig({ insecure: true, corsOrigins: [text] })).toThrow(
      /^option corsOrigins\.0 is ".*", expected an origin/,
    );
  });
});
