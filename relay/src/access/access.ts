import { hash, timingSafeEqual } from "node:crypto";
import type { Clock } from "@tonearm/sdk/ports";
import { Refusal } from "../refusal.ts";
import { type ClientCertificate, deviceOf } from "./client-certificate.ts";
import { checkToken, looksLikeToken } from "./device-token.ts";
import type { NamedKey } from "./keys.ts";
import type { Revoked } from "./revoked.ts";

/** Who sent a request. */
export type Sender =
  /** Nobody is asked who they are. */
  | { readonly kind: "anyone" }
  /** Somebody with a write key, who may write as any device; `key` tells keys apart and is none. */
  | { readonly kind: "key"; readonly key: string }
  /** A device that has proved which one it is, by a token or a certificate. */
  | { readonly kind: "device"; readonly device: string };

/** What a request brings to say who sent it. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Undefined without TLS, or when the client showed none. */
  readonly certificate: ClientCertificate | undefined;
}

/** Everybody who may write. */
export interface Grants {
  /** Nobody is asked. */
  readonly anyone: boolean;
  /** Two at most, so that a key can be changed without a gap. */
  readonly writeKeys: readonly string[];
  /** Two at most. */
  readonly tokenKeys: readonly NamedKey[];
  /** What a token's `aud` must name. */
  readonly tokenAudience: string;
  /** Whether certificates were asked for: without that none is believed. */
  readonly certificates: boolean;
  readonly revoked: Revoked;
}

interface Known {
  readonly name: string;
  readonly digest: Buffer;
}

/** Longest credential in a header. */
const CREDENTIAL_BYTES_MAX = 2_048;
const BEARER = new RegExp(`^Bearer +([\\x21-\\x7e]{1,${CREDENTIAL_BYTES_MAX}})$`, "i");

/**
 * Decides who a sender is. What was given and is wrong is a refusal, also where something else would have been enough.
 * No message repeats a credential, or says how much of it was right.
 */
export class Access {
  /** Requests by what proved who sent them: a key by its place, a token by the name of its key. A few names each. */
  readonly proofs = new Map<string, number>();
  readonly #clock: Clock;
  #grants: Grants;
  #keys: readonly Known[];

  constructor(grants: Grants, clock: Clock) {
    this.#clock = clock;
    this.#grants = grants;
    this.#keys = grants.writeKeys.map(known);
  }

  /** From now on these may write, and nobody else. */
  replace(grants: Grants): void {
    this.#grants = grants;
    this.#keys = grants.writeKeys.map(known);
  }

  /** @throws Refusal `unauthorized` when nothing good was given. */
  identify({ authorization, certificate }: Credentials): Sender {
    const { anyone, certificates } = this.#grants;
    if (anyone) return this.#proved("anyone", ANYONE);
    if (certificates && certificate) return this.#byCertificate(certificate);
    const given = BEARER.exec(authorization ?? "")?.[1];
    if (given === undefined) {
      throw unauthorized(
        certificates
          ? 'neither a client certificate nor a header Authorization with "Bearer" and a write key or a device token was given'
          : 'the header Authorization must be "Bearer" and a write key or a device token',
      );
    }
    return this.#byKey(given) ?? this.#byToken(given);
  }

  /**
   * A device can never write as another.
   * @throws Refusal `forbidden` when `sender` is not `device`, or `unauthorized` when that may not write any more.
   */
  requireDevice(sender: Sender, device: string): void {
    if (sender.kind === "device" && sender.device !== device) {
      throw new Refusal("forbidden", "the batch is of another device than its token or certificate");
    }
    this.#requireNotRevoked(device);
  }

  #byKey(given: string): Sender | undefined {
    const digest = digestOf(given);
    // Every key is compared, in constant time: neither which one nor how much of it is right can be timed.
    const matches = this.#keys.map((key) => timingSafeEqual(key.digest, digest));
    const place = matches.indexOf(true);
    if (place < 0) return undefined;
    return this.#proved(`write_key_${place + 1}`, { kind: "key", key: this.#keys[place]!.name });
  }

  #byToken(given: string): Sender {
    const { tokenKeys, tokenAudience, revoked } = this.#grants;
    if (tokenKeys.length === 0 || !looksLikeToken(given)) {
      throw unauthorized("the write key is not one of this relay's");
    }
    const check = checkToken(given, tokenKeys, tokenAudience, this.#clock.wallMs());
    if (check.kind === "bad") throw unauthorized(`the device token is refused: ${check.fault}`);
    const { device, id } = check.token;
    if (id !== undefined && revoked.tokens.has(id)) throw unauthorized("the device token has been revoked");
    this.#requireNotRevoked(device);
    return this.#proved(`token:${check.keyId}`, { kind: "device", device });
  }

  #byCertificate(certificate: ClientCertificate): Sender {
    const found = deviceOf(certificate, this.#clock.wallMs());
    if (found.kind === "bad") throw unauthorized(`the client certificate is refused: ${found.fault}`);
    if (this.#grants.revoked.certificates.has(certificate.fingerprint)) {
      throw unauthorized("the client certificate has been revoked");
    }
    this.#requireNotRevoked(found.device);
    return this.#proved("certificate", { kind: "device", device: found.device });
  }

  #proved(proof: string, sender: Sender): Sender {
    this.proofs.set(proof, (this.proofs.get(proof) ?? 0) + 1);
    return sender;
  }

  #requireNotRevoked(device: string): void {
    if (this.#grants.revoked.devices.has(device)) throw unauthorized("this device has been revoked");
  }
}

const ANYONE: Sender = { kind: "anyone" };

const unauthorized = (message: string): Refusal => new Refusal("unauthorized", message);

const digestOf = (key: string): Buffer => hash("sha256", key, "buffer");

function known(key: string): Known {
  const digest = digestOf(key);
  return { digest, name: digest.toString("base64url") };
}
