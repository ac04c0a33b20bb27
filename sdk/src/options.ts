import type { BeforeSend } from "./before-send.ts";
import { type ConsentState, checkConsent } from "./consent.ts";
import { TonearmError } from "./errors.ts";
import { isKey, type Key } from "./key.ts";
import type { Redact } from "./redaction.ts";
import type { AnyEvents, EventDefinitions } from "./typed-events.ts";
import { EVENT_BYTES_MAX } from "./wire/limits.ts";
import { ID_PATTERN } from "./wire/names.ts";
import { inWords } from "./words.ts";

/** Everything that can be tuned; every runtime has these. Durations in milliseconds, sizes in bytes. */
export interface TuningOptions {
  /** How long events may wait before they are sent, if they do not fill a batch before. Default 5,000; 10 to 86,400,000. */
  readonly flushIntervalMs: number;
  /** The relay may ask for a longer interval, but for none longer than this. Default 60,000; 10 to 86,400,000. */
  readonly flushIntervalMaxMs: number;
  /** Most events in one batch. Default 500; 1 to 10,000. */
  readonly batchEventsMax: number;
  /** Most bytes of events in one batch, before compression. Default 262,144; 1,024 to 1,048,576. */
  readonly batchBytesMax: number;
  /** How long an event may be in memory only. Default 1,000; 1 to 60,000. */
  readonly commitIntervalMs: number;
  /** A commit is due when so many events wait. Default 500; 1 to 10,000. */
  readonly commitEventsMax: number;
  /** A commit is due when so many bytes wait. Default 131,072; 256 to 262,144. */
  readonly commitBytesMax: number;
  /** Most bytes waiting in memory for a commit; beyond it events are dropped and declared. Default 50,331,648; 65,536 to 2^30. */
  readonly bufferBytesMax: number;
  /** Cap of the store; beyond it the oldest of the least important are dropped and declared. Default 67,108,864; 1,048,576 to 2^40. */
  readonly storeBytesMax: number;
  /** The same for the number of events. Default 1,000,000; 1,000 to 2^40. */
  readonly storeEventsMax: number;
  /** A segment file takes no further commit beyond this. Default 262,144; 16,384 to 16,777,216. */
  readonly segmentBytes: number;
  /** Space on the medium left to others. Default 16,777,216; 0 to 2^40. */
  readonly freeBytesMin: number;
  /** Largest single event, encoded. Default 65,536; 256 to 262,144. */
  readonly eventBytesMax: number;
  /** A request that takes longer is given up, and sent again. Default 30,000; 100 to 600,000. */
  readonly requestTimeoutMs: number;
  /** First bound of the random wait after a failure; it doubles with each. Default 500; 1 to 60,000. */
  readonly backoffBaseMs: number;
  /** Largest bound of the random wait. Default 60,000; 1 to 3,600,000. */
  readonly backoffMaxMs: number;
  /**
   * After an outage of a minute or more one small batch asks whether it is over; the rest waits a random part of this, so
   * that a fleet does not return at once. Default 60,000; 0, for no such wait, to 3,600,000.
   */
  readonly recoverySpreadMs: number;
}

/** [default, least, most] */
const TUNING: { readonly [K in keyof TuningOptions]: readonly [number, number, number] } = {
  flushIntervalMs: [5_000, 10, 86_400_000],
  flushIntervalMaxMs: [60_000, 10, 86_400_000],
  batchEventsMax: [500, 1, 10_000],
  batchBytesMax: [262_144, 1_024, 1_048_576],
  commitIntervalMs: [1_000, 1, 60_000],
  commitEventsMax: [500, 1, 10_000],
  commitBytesMax: [131_072, 256, 262_144],
  bufferBytesMax: [50_331_648, 65_536, 1_073_741_824],
  storeBytesMax: [67_108_864, 1_048_576, 1_099_511_627_776],
  storeEventsMax: [1_000_000, 1_000, 1_099_511_627_776],
  segmentBytes: [262_144, 16_384, 16_777_216],
  freeBytesMin: [16_777_216, 0, 1_099_511_627_776],
  eventBytesMax: [65_536, 256, EVENT_BYTES_MAX],
  requestTimeoutMs: [30_000, 100, 600_000],
  backoffBaseMs: [500, 1, 60_000],
  backoffMaxMs: [60_000, 1, 3_600_000],
  recoverySpreadMs: [60_000, 0, 3_600_000],
};

/** What an application must and may say, in every runtime. */
export interface CommonOptions<E extends EventDefinitions = AnyEvents> extends Partial<TuningOptions> {
  /** Where the relay is, such as `https://relay.example.com`; batches go to `/v1/batches` below it. */
  readonly endpoint: string;
  /** This device's id: 1 to 64 of A–Z, a–z, 0–9, `_` and `-`. No other identifier is ever made up. */
  readonly device: string;
  /**
   * Write key or device token, sent as `Authorization: Bearer …`. A function is asked before each request, so that a token
   * can be renewed before it expires; while it throws, events wait.
   */
  readonly key?: Key;
  /** What `defineEvents` made: types and checks `record`. Without it any type of event is recorded. */
  readonly events?: E;
  /**
   * Whether the person whose events these are agrees; changed by `setConsent`. Default `granted`. While `pending` events
   * wait in memory, up to `bufferBytesMax`. `denied` purges what earlier runs left, too.
   */
  readonly consent?: ConsentState;
  /**
   * Sees every event before it is encoded, and returns the data to record in its place; null drops the event, declared, as
   * does an error in it. Called after the schema's check, and not for control records, which hold nothing of the user.
   */
  readonly redact?: Redact;
  /**
   * Called before each batch is sent, resent ones included. It may return headers to add, such as a fresh
   * `Authorization`, or false: the batch is held back until the next interval, as it is when the hook throws, or answers
   * with a promise that takes longer than `requestTimeoutMs`.
   */
  readonly beforeSend?: BeforeSend;
  /**
   * Asked before each batch: while it says true, as on a network that is paid by the byte, only `flush()`, `close()` and
   * a store more than half full send. Asked again every flush interval. When it throws, nothing is held back.
   */
  readonly holdBack?: () => boolean;
  /** Tells of each step of each batch, a line each: true prints them by `console.debug`. Default false. */
  readonly debug?: boolean | ((line: string) => void);
}

/** Options as they are used: checked, with every default filled in. */
export interface CheckedOptions<E extends EventDefinitions = EventDefinitions> extends TuningOptions {
  readonly endpoint: URL;
  readonly device: string;
  readonly key: Key | undefined;
  readonly events: E | undefined;
  readonly consent: ConsentState;
  readonly redact: Redact | undefined;
  readonly beforeSend: BeforeSend | undefined;
  readonly holdBack: (() => boolean) | undefined;
  readonly debug: ((line: string) => void) | undefined;
}

/**
 * Checks options once, at the border.
 * @param extra names of options that only this runtime knows.
 * @throws TonearmError `invalid_option` naming the option, what it was and what was expected.
 */
export function checkOptions<E extends EventDefinitions = AnyEvents>(
  options: CommonOptions<E>,
  extra: readonly string[],
): CheckedOptions<E> {
  if (typeof options !== "object" || options === null) {
    throw invalid(`createTelemetry was given ${inWords(options)}, expected an object of options`);
  }
  const known = [
    "endpoint",
    "device",
    "key",
    "events",
    "consent",
    "redact",
    "beforeSend",
    "holdBack",
    "debug",
    ...Object.keys(TUNING),
    ...extra,
  ];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalid(`unknown option "${name}"; the options are ${known.join(", ")}`);
  }
  const tuning = Object.fromEntries(
    Object.entries(TUNING).map(([name, [standard, least, most]]) => [
      name,
      checkWhole(name, options[name as keyof TuningOptions] ?? standard, least, most),
    ]),
  ) as unknown as TuningOptions;
  if (tuning.storeBytesMax < 4 * tuning.segmentBytes) {
    throw invalid(
      `option storeBytesMax is ${tuning.storeBytesMax}, expected at least four times segmentBytes`,
    );
  }
  return {
    ...tuning,
    endpoint: checkEndpoint(options.endpoint),
    device: checkDevice(options.device),
    key: checkKey(options.key),
    events: checkEvents(options.events),
    consent: checkConsent(options.consent ?? "granted", "invalid_option"),
    redact: checkFunction("redact", options.redact),
    beforeSend: checkFunction("beforeSend", options.beforeSend),
    holdBack: checkFunction("holdBack", options.holdBack),
    debug: checkFunction("debug", options.debug === true ? printLine : options.debug || undefined),
  };
}

/** @throws TonearmError `invalid_option` when `value` is no whole number from `least` to `most`. */
export function checkWhole(name: string, value: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw invalid(`option ${name} is ${inWords(value)}, expected a whole number from ${least} to ${most}`);
}

function checkEndpoint(endpoint: unknown): URL {
  const url = typeof endpoint === "string" && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isHttp = url?.protocol === "https:" || url?.protocol === "http:";
  if (url && isHttp && !(url.username || url.password || url.search || url.hash)) return url;
  // What stands before an @ may be a password, what stands behind a ? a token.
  const given = /[@?#]/.test(String(endpoint)) ? "not acceptable" : inWords(endpoint);
  throw invalid(
    `option endpoint is ${given}, expected an http or https URL without user name, query and fragment, such as "https://relay.example.com"`,
  );
}

function checkDevice(device: unknown): string {
  if (typeof device === "string" && ID_PATTERN.test(device)) return device;
  throw invalid(`option device is ${inWords(device)}, expected 1 to 64 of A-Z, a-z, 0-9, "_" and "-"`);
}

function checkKey(key: unknown): Key | undefined {
  if (key === undefined || typeof key === "function" || isKey(key)) return key as Key | undefined;
  // The value itself stays out of the message: it is a secret, however malformed.
  throw invalid("option key is not acceptable, expected 1 to 2048 visible ASCII characters without spaces");
}

function checkEvents<E extends EventDefinitions>(events: E | undefined): E | undefined {
  if (events === undefined || (events?.schemas && typeof events.schemas === "object")) return events;
  throw invalid(`option events is ${inWords(events)}, expected what defineEvents returns`);
}

function checkFunction<F>(name: string, given: F | undefined): F | undefined {
  if (given === undefined || typeof given === "function") return given;
  throw invalid(`option ${name} is ${inWords(given)}, expected a function`);
}

const printLine = (line: string): void => console.debug(`tonearm: ${line}`);

function invalid(message: string): TonearmError {
  return new TonearmError("invalid_option", message);
}
