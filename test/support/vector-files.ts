/** The protocol's test vectors: what a batch says, and its bytes in each spelling. Format: `test/vectors/README.md`. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const VECTORS = fileURLToPath(new URL("../vectors", import.meta.url));

/** The moment at which a vector's batch arrives at the relay. */
export const RECEIVED_MS = 1_763_840_999_000;

/** What a batch says. `data` is the JSON text as the device wrote it. */
export interface BatchVector {
  readonly device: string;
  readonly epoch: string;
  readonly first_seq: number;
  /** Null: this number was given up. */
  readonly events: readonly ({
    readonly type: string;
    readonly time_ms: number;
    readonly mono_ms: number;
    readonly offset_ms: number | null;
    readonly data: string;
  } | null)[];
}

export const acceptedNames = (): string[] => readdirSync(join(VECTORS, "accepted")).toSorted();

export function readVector(name: string) {
  const path = (file: string) => join(VECTORS, "accepted", name, file);
  return {
    batch: JSON.parse(readFileSync(path("batch.json"), "utf8")) as BatchVector,
    msgpack: readFileSync(path("batch.msgpack")),
    ndjson: readFileSync(path("batch.ndjson")),
    /** By columns; most batches have too little in common for it. */
    columns: existsSync(path("batch.columns")) ? readFileSync(path("batch.columns")) : undefined,
    records: readFileSync(path("records.ndjson"), "utf8"),
  };
}

/** Writes a file of a vector unless there is one: vectors are made once, and then only checked. */
export function writeOnce(directory: string, file: string, content: string | Uint8Array): void {
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(directory, file))) writeFileSync(join(directory, file), content);
}

/** A body that must be refused. */
export interface RefusedVector {
  readonly file: string;
  readonly code: string;
  readonly seq?: number;
}

export const refusedVectors = (): RefusedVector[] =>
  JSON.parse(readFileSync(join(VECTORS, "refused", "index.json"), "utf8"));

export const readRefused = (file: string): Buffer => readFileSync(join(VECTORS, "refused", file));

/** An aggregate as the Kinesis Producer Library itself wrote it, and what it holds. */
export interface KplVector {
  readonly name: string;
  readonly base64: string;
  readonly records: readonly {
    readonly partition_key: string;
    readonly explicit_hash_key: string | null;
    readonly data: string;
  }[];
}

export const kplVectors = (): KplVector[] =>
  JSON.parse(readFileSync(join(VECTORS, "kpl", "genuine.json"), "utf8"));
