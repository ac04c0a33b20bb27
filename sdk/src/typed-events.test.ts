import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { TonearmError } from "./errors.ts";
import type { EventData } from "./event.ts";
import { createTelemetry } from "./node/create-telemetry.ts";
import { checkOptions } from "./options.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { Telemetry } from "./telemetry-api.ts";
import { instance } from "./testing/instance.ts";
import { type DataOf, defineEvents, type TypeOf } from "./typed-events.ts";
import type { PlayEvent } from "./vocabulary/play.ts";

const LIBRARIES = {
  zod: defineEvents({ button: z.object({ presses: z.number().min(1), label: z.string().default("none") }) }),
  valibot: defineEvents({
    button: v.object({ presses: v.pipe(v.number(), v.minValue(1)), label: v.optional(v.string(), "none") }),
  }),
  arktype: defineEvents({ button: type({ presses: "number >= 1", label: "string = 'none'" }) }),
};

const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TonearmError);
    expect(error).toMatchObject({ code: "invalid_argument" });
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
};

describe.each(Object.entries(LIBRARIES))("events defined with %s", (_, events) => {
  it("are recorded as their schema returns them, defaults filled in", async () => {
    const { telemetry, transport, clock } = instance(undefined, { events });
    expect(telemetry.record("button", { presses: 2 }).status).toBe("recorded");
    await clock.advance(10_000);
    expect(transport.received.at(-1)?.data).toEqual({ presses: 2, label: "none" });
  });

  it("are refused at the call with the path of the fault, and take no number", () => {
    const { telemetry } = instance(undefined, { events });
    const before = telemetry.stats().lastSeq;
    expect(messageOf(() => telemetry.record("button", { presses: 0 }))).toMatch(/^button\.presses: ./);
    expect(messageOf(() => telemetry.record("button", { presses: "2" } as never))).toMatch(
      /^button\.presses: ./,
    );
    expect(telemetry.stats().lastSeq).toBe(before);
  });

  it("type what record takes", () => {
    type Events = typeof events;
    expectTypeOf<TypeOf<Events>>().toEqualTypeOf<"play" | "source" | "button">();
    expectTypeOf<DataOf<Events, "button">>().toExtend<{ presses: number; label?: string | undefined }>();
    expectTypeOf<DataOf<Events, "play">>().toEqualTypeOf<PlayEvent>();
    const { telemetry } = instance(undefined, { events });
    // @ts-expect-error: presses is a number
    expect(() => telemetry.record("button", { presses: "2" })).toThrow(TonearmError);
    // @ts-expect-error: no such type was defined
    expect(() => telemetry.record("botton", { presses: 2 })).toThrow(TonearmError);
  });
});

describe("defined events", () => {
  const open = defineEvents({ button: z.object({ presses: z.number() }) }, { allowUnknown: true });
  const closed = defineEvents({ button: z.object({ presses: z.number() }) });

  it("refuse unknown types, naming those that are known", () => {
    const { telemetry } = instance(undefined, { events: closed });
    expect(messageOf(() => telemetry.record("knob" as never, {} as never))).toBe(
      'the event type is "knob", expected one of play, source, button',
    );
  });

  it("let unknown types flow when the application allows them, and still check the known", () => {
    const { telemetry } = instance(undefined, { events: open });
    expectTypeOf<EventData>().toExtend<DataOf<typeof open, "knob">>();
    interface Knob {
      readonly turns: number;
    }
    expectTypeOf<Knob>().toExtend<DataOf<typeof open, "knob">>();
    expectTypeOf<Knob[]>().not.toExtend<DataOf<typeof open, "knob">>();
    expectTypeOf<Map<string, Knob>>().not.toExtend<DataOf<typeof open, "knob">>();
    expectTypeOf<() => Knob>().not.toExtend<DataOf<typeof open, "knob">>();
    expect(telemetry.record("knob", { turn: 90 }).status).toBe("recorded");
    expect(messageOf(() => telemetry.record("button", {} as never))).toMatch(/^button\.presses: /);
  });

  it("leave play and source as they are", () => {
    const { telemetry } = instance(undefined, { events: closed });
    expect(messageOf(() => telemetry.record("play", {} as never))).toBe(
      'play.started_at is missing, expected a moment in UTC such as "2026-11-22T19:49:00.123Z"',
    );
    expect(() => defineEvents(null as never)).toThrow(
      "defineEvents was given null, expected schemas by type",
    );
    // @ts-expect-error: the vocabulary has a schema of its own
    expect(() => defineEvents({ play: z.object({}) })).toThrow(
      'defineEvents was given the type "play", expected an event type other than play and source',
    );
  });

  it.each([
    [{ "two words": z.object({}) }, 'given the type "two words", expected an event type'],
    [{ $open: z.object({}) }, 'given the type "$open"'],
    [{ button: {} }, 'the schema of "button" is an object, expected one that follows Standard Schema'],
    [{ button: undefined }, 'the schema of "button" is missing'],
  ])("of %j are refused", (schemas, sentence) => {
    expect(() => defineEvents(schemas as never)).toThrow(sentence);
  });

  it("are refused as an option unless defineEvents made them", () => {
    const options = { endpoint: "https://relay.example.com", device: "d", events: { button: z.object({}) } };
    expect(() => checkOptions(options as never, [])).toThrow(
      "option events is an object, expected what defineEvents returns",
    );
  });
});

describe("a schema that misbehaves", () => {
  const withValidate = (validate: (value: unknown) => unknown) =>
    defineEvents({
      button: { "~standard": { version: 1, vendor: "x", validate } } as StandardSchema<object>,
    });

  it.each([
    [
      "is asynchronous",
      () => Promise.reject(new Error("late")),
      'the schema of "button" is asynchronous, expected one that answers at once',
    ],
    [
      "throws",
      () => {
        throw new Error("mine");
      },
      'the schema of "button" threw: mine',
    ],
    ["returns no object", () => ({ value: 7 }), 'the data of "button" is 7, expected an object'],
    [
      "names a path of segments",
      () => ({ issues: [{ message: "no", path: [{ key: "list" }, 0, "x"] }] }),
      "button.list.0.x: no",
    ],
    ["names no path", () => ({ issues: [{ message: "no" }] }), "button: no"],
  ])("because it %s is refused, clearly", (_, validate, sentence) => {
    const { telemetry } = instance(undefined, { events: withValidate(validate) });
    expect(messageOf(() => telemetry.record("button", {}))).toBe(sentence);
  });
});

it("without defined events any type takes any data, and play its own", () => {
  const { telemetry } = instance(undefined);
  expect(telemetry.record("anything", { at: "all" }).status).toBe("recorded");
  // @ts-expect-error: a play needs its moments
  expect(messageOf(() => telemetry.record("play", { title: "x" }))).toMatch(/^play\.started_at is missing/);
  expect(
    telemetry.record("play", {
      started_at: "2026-11-22T19:00:00Z",
      ended_at: "2026-11-22T19:03:00Z",
      ms_played: 180_000,
    }).status,
  ).toBe("recorded");
});

it("createTelemetry takes the types of an instance from its events", async () => {
  const events = defineEvents({ button: z.object({ presses: z.number() }) });
  const options = {
    endpoint: "http://127.0.0.1:9",
    device: "d",
    directory: false,
    consent: "pending",
  } as const;
  const telemetry = createTelemetry({ ...options, events });
  expectTypeOf(telemetry.record<"button">)
    .parameter(1)
    .toEqualTypeOf<{ presses: number }>();
  expectTypeOf<Parameters<typeof telemetry.record>[0]>().toEqualTypeOf<"play" | "source" | "button">();
  // @ts-expect-error: presses is a number
  expect(() => telemetry.record("button", { presses: "2" })).toThrow("button.presses: ");
  const open = createTelemetry(options);
  expectTypeOf(open).toEqualTypeOf<Telemetry>();
  expectTypeOf<EventData>().toExtend<Parameters<typeof open.record<"anything">>[1]>();
  expectTypeOf(open.record<"play">)
    .parameter(1)
    .toEqualTypeOf<PlayEvent>();
  await Promise.all([telemetry.close(), open.close()]);
});
