/**
 * The interface of Standard Schema, version 1 (https://standardschema.dev), as much of it as is used here: types only.
 * Whatever follows it, such as a schema of zod, valibot or arktype, can describe an event.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    /** Who made the schema; `tonearm` for ours. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value: the value as it is to be used, or what is wrong with it. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | SchemaFailure;

export interface SchemaFailure {
  readonly issues: readonly {
    readonly message: string;
    /** Where in the value; missing when it is the value itself. */
    readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  }[];
}

/** What a schema takes. */
export type InputOf<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];
