/**
 * Kinesis's other protocol, the one that AWS's SDK for Java speaks: the same calls with bodies of CBOR, in which records are
 * bytes and not base64. A third less to make, to hash, to sign and to send. AWS's SDK for JavaScript knows only JSON, and brings
 * what it takes to teach it.
 */
import { AwsJson1_1Protocol } from "@aws-sdk/core/protocols";
import { CborShapeDeserializer2 } from "@smithy/core/cbor";
import { type JsonCodec2, SerdeContext } from "@smithy/core/protocols";
import { SpareBuffers } from "../memory/spare-buffers.ts";
import { type CborValue, encodeCbor } from "./cbor.ts";

const MEDIA = "application/x-amz-cbor-1.1";
const OPEN_BRACE = 0x7b;

type Options = ConstructorParameters<typeof AwsJson1_1Protocol>[0];
type Request = ReturnType<AwsJson1_1Protocol["serializeRequest"]>;

/** Given to a client as its `protocol`. */
export class KinesisCborProtocol extends AwsJson1_1Protocol {
  constructor(options: Options) {
    super({ ...options, jsonCodec: codec as unknown as JsonCodec2 });
  }

  override async serializeRequest(...args: Parameters<AwsJson1_1Protocol["serializeRequest"]>): Request {
    const request = await super.serializeRequest(...args);
    request.headers["content-type"] = MEDIA;
    return request;
  }

  protected override getDefaultContentType(): string {
    return MEDIA;
  }
}

/** Memory of bodies that have been answered: 16 MiB of them mostly, and 64 at most. */
const spares = new SpareBuffers(4);
const bodies = new WeakMap<object, Buffer>();

/**
 * Gives the memory of a call's body back, for the next. Only for calls whose answer shows that the server has read all of it:
 * what is left of another one may still have to be sent.
 */
export function freeBodyOf(input: object): void {
  const body = bodies.get(input);
  if (body && bodies.delete(input)) spares.giveBack(body);
}

/** Inputs of the calls made here are plain, and Kinesis's names are theirs: no schema is needed to write them. */
class Serializer extends SerdeContext {
  #body: Buffer = EMPTY;

  write(_schema: unknown, value: object): void {
    this.#body = encodeCbor(value as CborValue, (bytes) => {
      const room = spares.take(bytes);
      bodies.set(value, room);
      return room;
    });
  }

  flush(): Buffer {
    const body = this.#body;
    this.#body = EMPTY;
    return body;
  }
}

const EMPTY = Buffer.alloc(0);

class Deserializer extends CborShapeDeserializer2 {
  /** What stands in between, and some servers too, say in JSON what went wrong; text of CBOR never begins like that. */
  override read(...[schema, body]: Parameters<CborShapeDeserializer2["read"]>): unknown {
    return body[0] === OPEN_BRACE ? JSON.parse(Buffer.from(body).toString()) : super.read(schema, body);
  }

  /** What the protocol calls for the fields of an error. */
  readObject(...args: Parameters<CborShapeDeserializer2["readValue"]>): unknown {
    return super.readValue(...args);
  }
}

const codec = {
  setSerdeContext: () => undefined,
  createSerializer: () => new Serializer(),
  createDeserializer: () => new Deserializer(),
};
