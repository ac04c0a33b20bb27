import { TonearmError } from "./errors.ts";
import type { EventData } from "./event.ts";
import type { InputOf, StandardSchema } from "./standard-schema.ts";
import type { PlayEvent } from "./vocabulary/play.ts";
import type { SourceEvent } from "./vocabulary/source.ts";
import { EVENT_TYPE_PATTERN } from "./wire/names.ts";
import { inWords } from "./words.ts";

/** An application's own types of events, each with a Standard Schema of its data. */
export type Schemas = Readonly<Record<string, StandardSchema<unknown, object>>>;

/** What `defineEvents` makes; an option of `createTelemetry`. */
export interface EventDefinitions<S extends Schemas = Schemas, Open extends boolean = boolean> {
  readonly schemas: S;
  /** Whether types that stand in no schema are recorded as they are. */
  readonly allowUnknown: Open;
}

/** The types that every instance knows. */
interface Vocabulary {
  readonly play: PlayEvent;
  readonly source: SourceEvent;
}

/** The vocabulary's types have schemas of their own; the compiler refuses others for them. */
type NotTheVocabulary = { readonly [Type in keyof Vocabulary]?: never };

/** Without the option `events`: any type, any data; only the vocabulary's own types are checked. */
export type AnyEvents = EventDefinitions<
  { readonly [Type in keyof Vocabulary]: StandardSchema<Vocabulary[Type], object> },
  true
>;

/**
 * Data of a type without a schema. Interfaces and classes have no index signature and are taken all the same; lists, functions
 * and collections such as `Map`, of which JSON leaves nothing, are not.
 */
type AnyData = EventData | (object & { readonly [Symbol.iterator]?: never; readonly bind?: never });

/** The types that `record` takes. */
export type TypeOf<E extends EventDefinitions> =
  | keyof Vocabulary
  | (keyof E["schemas"] & string)
  | (E["allowUnknown"] extends true ? string & Record<never, never> : never);

/** The data that `record` takes with `Type`: what its schema takes, defaults left out. */
export type DataOf<E extends EventDefinitions, Type> = Type extends keyof Vocabulary
  ? Vocabulary[Type]
  : Type extends keyof E["schemas"]
    ? InputOf<E["schemas"][Type]>
    : AnyData;

/**
 * Says which types of events an application records, each with a schema of its data by any library that follows
 * Standard Schema. `record` is typed and checked by them; what a schema returns, defaults filled in, is what is recorded.
 * @param options `allowUnknown` (default false): other types are recorded too, unchecked.
 * @throws TonearmError `invalid_option` for a name that is no event type or belongs to `play` and `source`, and for
 *   anything that is no Standard Schema.
 */
export function defineEvents<const S extends Schemas, Open extends boolean = false>(
  schemas: S & NotTheVocabulary,
  options?: { readonly allowUnknown?: Open },
): EventDefinitions<S, Open> {
  if (typeof schemas !== "object" || schemas === null) {
    throw new TonearmError(
      "invalid_option",
      `defineEvents was given ${inWords(schemas)}, expected schemas by type`,
    );
  }
  for (const [type, schema] of Object.entries<StandardSchema<unknown, object>>(schemas)) {
    if (!EVENT_TYPE_PATTERN.test(type) || type === "play" || type === "source") {
      throw new TonearmError(
        "invalid_option",
        `defineEvents was given the type ${inWords(type)}, expected an event type other than play and source`,
      );
    }
    if (typeof schema?.["~standard"]?.validate !== "function") {
      throw new TonearmError(
        "invalid_option",
        `the schema of "${type}" is ${inWords(schema)}, expected one that follows Standard Schema, such as zod's`,
      );
    }
  }
  return { schemas, allowUnknown: (options?.allowUnknown ?? false) as Open };
}
