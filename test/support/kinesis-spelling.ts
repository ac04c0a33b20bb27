/** The two spellings of Kinesis's calls, as test servers read and write them. */
import { Encoder } from "cbor-x";

export interface KinesisSpelling {
  readonly name: "json" | "cbor";
  readonly contentType: string;
  decode(body: Buffer): unknown;
  encode(value: object): Buffer;
  /** The bytes of a record as they stand in this spelling. */
  dataOf(bytes: Buffer): unknown;
  bytesOf(data: unknown): Buffer;
}

/** Plain maps, as Kinesis writes them. */
const cbor = new Encoder({ useRecords: false, variableMapSize: true });

export const JSON_SPELLING: KinesisSpelling = {
  name: "json",
  contentType: "application/x-amz-json-1.1",
  decode: (body) => JSON.parse(body.toString()) as unknown,
  encode: (value) => Buffer.from(JSON.stringify(value)),
  dataOf: (bytes) => bytes.toString("base64"),
  bytesOf: (data) => Buffer.from(data as string, "base64"),
};

const CBOR_SPELLING: KinesisSpelling = {
  name: "cbor",
  contentType: "application/x-amz-cbor-1.1",
  decode: (body) => cbor.decode(body) as unknown,
  encode: (value) => cbor.encode(value),
  dataOf: (bytes) => bytes,
  bytesOf: (data) => data as Buffer,
};

/** The spelling of a request, by its Content-Type. */
export const spellingOf = (contentType: string | undefined): KinesisSpelling =>
  contentType?.includes("cbor") ? CBOR_SPELLING : JSON_SPELLING;
