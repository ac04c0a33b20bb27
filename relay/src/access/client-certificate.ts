import type { Socket } from "node:net";
import { type PeerCertificate, TLSSocket } from "node:tls";
import { ID_PATTERN } from "@tonearm/sdk/wire";

/** The certificate that a client showed when it connected. */
export interface ClientCertificate {
  /** Whether it was signed by an authority that this relay trusts, and was good then. */
  readonly trusted: boolean;
  /** The common name of its subject; undefined when there is none, or more than one. */
  readonly commonName: string | undefined;
  /** ms since 1970. A connection can outlive its certificate. */
  readonly expiresMs: number;
  /** SHA-256, in hexadecimal without colons, in lower case. */
  readonly fingerprint: string;
}

const seen = new WeakMap<Socket, ClientCertificate>();

/** The certificate of a connection's other end; undefined without TLS, or when none was shown. Looked at once per connection. */
export function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const before = seen.get(socket);
  if (before) return before;
  // With nothing in it when there is none.
  const shown = socket.getPeerCertificate() as Partial<PeerCertificate> | null;
  if (!shown?.fingerprint256) return undefined;
  const name: unknown = shown.subject?.CN;
  const certificate = {
    trusted: socket.authorized,
    commonName: typeof name === "string" ? name : undefined,
    expiresMs: Date.parse(shown.valid_to ?? ""),
    fingerprint: shown.fingerprint256.replaceAll(":", "").toLowerCase(),
  };
  seen.set(socket, certificate);
  return certificate;
}

/** Which device a certificate stands for: the one whose id is its common name. */
export function deviceOf(
  { trusted, commonName, expiresMs }: ClientCertificate,
  nowMs: number,
): { readonly kind: "device"; readonly device: string } | { readonly kind: "bad"; readonly fault: string } {
  if (!trusted) return bad("it was not signed by an authority of this relay, or is not good now");
  if (!(nowMs < expiresMs)) return bad("it has expired");
  if (commonName === undefined || !ID_PATTERN.test(commonName)) {
    return bad("the common name of its subject is not the id of a device");
  }
  return { kind: "device", device: commonName };
}

const bad = (fault: string) => ({ kind: "bad", fault }) as const;
