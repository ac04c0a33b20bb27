/** Device tokens, and devices that say what a relay has against them. */
import { issueToken, type NamedKey, parseNamedKey } from "@tonearm/relay";
import type { Telemetry } from "@tonearm/sdk";
import { expect } from "vitest";
import { freshDirectory, hurriedTelemetry } from "./devices.ts";

/** A key's secret, as it is given. */
export const secret = (fill: number): string => Buffer.alloc(32, fill).toString("base64url");
/** Keys that tokens are signed with, as they are given. */
export const SIGNERS = { k1: `k1:${secret(1)}`, k2: `k2:${secret(2)}` };
const keyOf = (spelled: string): NamedKey => parseNamedKey(spelled)!;

/** A token that is good for so long, by the clock of this machine. */
export const tokenFor = (
  device: string,
  signer = SIGNERS.k1,
  validMs = 60_000,
  id = `token-of-${device}`,
): string => issueToken(keyOf(signer), { device, audience: "tonearm", expiresMs: Date.now() + validMs, id });

/** A device that says what the relay has against it. */
export async function startDevice(
  relay: { readonly url: string },
  name: string,
  more: Partial<Parameters<typeof hurriedTelemetry>[0]>,
): Promise<{ telemetry: Telemetry; refusals: string[] }> {
  const telemetry = hurriedTelemetry({
    endpoint: relay.url,
    device: name,
    directory: await freshDirectory(),
    ...more,
  });
  const refusals: string[] = [];
  telemetry.on("error", ({ message }) => refusals.push(message));
  return { telemetry, refusals };
}

const batchOf = (name: string, epoch: string) =>
  `{"v":1,"device":"${name}","epoch":"${epoch}","first_seq":1,"count":1}\n["x",1,1,null,{}]\n`;

/** Sends one event by hand; resolves to status and code of the answer. */
export async function post(
  relay: { readonly url: string },
  credential: string,
  name: string,
): Promise<string> {
  const response = await fetch(new URL("/v1/batches", relay.url), {
    method: "POST",
    body: batchOf(name, "by-hand"),
    headers: { "content-type": "application/x-ndjson", authorization: `Bearer ${credential}` },
  });
  const { code = "", message = "" } = (await response.json()) as { code?: string; message?: string };
  expect(message).not.toContain(credential);
  return `${response.status} ${code}`.trim();
}
