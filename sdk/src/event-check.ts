import type { Clock } from "./clock.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { EventData } from "./event.ts";
import { newPlayId } from "./ids.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { EventDefinitions } from "./typed-events.ts";
import { playSchema } from "./vocabulary/play.ts";
import { sourceSchema } from "./vocabulary/source.ts";
import { EVENT_TYPE_PATTERN } from "./wire/names.ts";
import { inWords, isArray } from "./words.ts";

/** Holds every call of `record` against the types and schemas that the application has named. */
export class EventCheck {
  readonly #clock: Clock;
  readonly #schemas: ReadonlyMap<string, StandardSchema<unknown, object>>;
  readonly #open: boolean;

  constructor(clock: Clock, events: EventDefinitions | undefined) {
    this.#clock = clock;
    this.#open = events?.allowUnknown ?? true;
    this.#schemas = new Map<string, StandardSchema<unknown, object>>([
      ["play", playSchema],
      ["source", sourceSchema],
      ...Object.entries(events?.schemas ?? {}),
    ]);
  }

  /**
   * The data as it is to be recorded.
   * @throws TonearmError `invalid_argument` naming the fault, with its path when a schema found it.
   */
  complete(type: string, data: unknown): EventData {
    const schema = this.#schemas.get(type);
    if (!schema) this.#checkType(type);
    const completed = schema ? validated(type, schema, data) : data;
    if (typeof completed !== "object" || completed === null || isArray(completed)) {
      throw invalid(`the data of "${type}" is ${inWords(completed)}, expected an object`);
    }
    return schema === playSchema
      ? { play_id: newPlayId(this.#clock), ...completed }
      : (completed as EventData);
  }

  #checkType(type: unknown): void {
    if (typeof type !== "string" || !EVENT_TYPE_PATTERN.test(type)) {
      throw invalid(
        `the event type is ${inWords(type)}, expected 1 to 64 of A-Z, a-z, 0-9, "_", "." and "-", beginning with a letter`,
      );
    }
    if (!this.#open) {
      throw invalid(`the event type is "${type}", expected one of ${[...this.#schemas.keys()].join(", ")}`);
    }
  }
}

function validated(type: string, schema: StandardSchema<unknown, object>, data: unknown): unknown {
  const { vendor, validate } = schema["~standard"];
  let result: ReturnType<typeof validate>;
  try {
    result = validate(data);
  } catch (error) {
    throw invalid(`the schema of "${type}" threw: ${messageOf(error)}`, error);
  }
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw invalid(`the schema of "${type}" is asynchronous, expected one that answers at once`);
  }
  const issue = result.issues?.[0];
  if (!result.issues) return result.value;
  const path = (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  const where = [type, ...path].join(".");
  throw invalid(`${where}${vendor === "tonearm" ? "" : ":"} ${issue?.message}`);
}

const invalid = (message: string, cause?: unknown) => new TonearmError("invalid_argument", message, cause);
