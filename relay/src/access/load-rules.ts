import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigError } from "../config/check.ts";
import type { Config } from "../config/schema.ts";
import { Pseudonyms } from "../privacy/pseudonyms.ts";
import type { EntranceRules } from "./entrance.ts";
import { parseNamedKey } from "./keys.ts";
import { NOTHING_REVOKED, parseRevoked, type Revoked } from "./revoked.ts";

/** What the server needs for TLS, as PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities whose certificates prove a device; undefined: none is asked for one. */
  readonly ca: string | undefined;
}

/** What a write key may send at once after a pause, in seconds of its rate, unless the configuration says otherwise. */
const BURST_S = 10;

/**
 * The rules of the entrance: options, and the files that they name.
 * @throws ConfigError naming the option and the file, never what is in it.
 */
export function loadRules(config: Config): EntranceRules {
  const { pseudonymKey, pseudonymPaths, keyBytesPerSecond, keyBurstBytes } = config;
  return {
    grants: {
      anyone: config.insecure,
      writeKeys: config.writeKeys,
      // The configuration has been checked: these can be taken apart.
      tokenKeys: config.tokenKeys.map((key) => parseNamedKey(key)!),
      tokenAudience: config.tokenAudience,
      certificates: config.tlsClientCaFile !== undefined,
      revoked: loadRevoked(config),
    },
    limits: {
      device: { bytesPerSecond: config.deviceBytesPerSecond, burstBytes: config.deviceBurstBytes },
      write_key:
        keyBytesPerSecond === undefined
          ? undefined
          : { bytesPerSecond: keyBytesPerSecond, burstBytes: keyBurstBytes ?? BURST_S * keyBytesPerSecond },
    },
    pseudonyms:
      pseudonymKey === undefined ? undefined : new Pseudonyms(parseNamedKey(pseudonymKey)!, pseudonymPaths),
  };
}

/** Reads certificate, key and authorities. @throws ConfigError when they cannot be read, or do not fit together. */
export function loadTls({ tlsCertFile, tlsKeyFile, tlsClientCaFile }: Config): TlsFiles | undefined {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined;
  const files = {
    cert: read("tlsCertFile", tlsCertFile),
    key: read("tlsKeyFile", tlsKeyFile),
    ca: tlsClientCaFile === undefined ? undefined : read("tlsClientCaFile", tlsClientCaFile),
  };
  try {
    createSecureContext(files);
    return files;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new ConfigError(
      `the files of tlsCertFile, tlsKeyFile and tlsClientCaFile cannot be used together (${reason}), expected PEM that fits`,
    );
  }
}

function loadRevoked({ revokedFile }: Config): Revoked {
  if (revokedFile === undefined) return NOTHING_REVOKED;
  const text = read("revokedFile", revokedFile);
  try {
    return parseRevoked(text);
  } catch (error) {
    throw fault("revokedFile", revokedFile, (error as Error).message);
  }
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fault(option, path, `it cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

const fault = (option: string, path: string, what: string): ConfigError =>
  new ConfigError(`option ${option}, file ${path}: ${what}`);
