import { TonearmError } from "../errors.ts";
import { checkOptions } from "../options.ts";
import { systemClock } from "../system-clock.ts";
import { assembleTelemetry } from "../telemetry.ts";
import type { Telemetry } from "../telemetry-api.ts";
import { RUNTIME_OPTIONS, type TelemetryOptions } from "../telemetry-options.ts";
import type { AnyEvents, EventDefinitions } from "../typed-events.ts";
import { ndjsonCodec } from "../wire/ndjson.ts";
import { inWords } from "../words.ts";
import { FetchTransport } from "./fetch-transport.ts";
import { IndexedDbStore } from "./indexeddb-store.ts";

/** A page that is left sends at most about this much: requests that outlive their page share 64 KiB. */
const LEAVING_BYTES_MAX = 60_000;

/**
 * Begins recording: a new epoch, beside those of other tabs. Events that closed tabs left behind are found and sent.
 * Without usable IndexedDB they stay in memory, and `ready` says so.
 * @throws TonearmError `invalid_option`.
 */
export function createTelemetry<E extends EventDefinitions = AnyEvents>(
  options: TelemetryOptions<E>,
): Telemetry<E> {
  const checked = checkOptions(options, RUNTIME_OPTIONS);
  const { database: name = "tonearm", persist = false, holdBackOnMetered = false } = options;
  if (name !== false && (typeof name !== "string" || name === "")) {
    throw invalid("database", name, "a name, or false to keep events in memory only");
  }
  if (typeof persist !== "boolean") throw invalid("persist", persist, "true or false");
  if (typeof holdBackOnMetered !== "boolean")
    throw invalid("holdBackOnMetered", holdBackOnMetered, "true or false");
  const holdBack = holdBackOnMetered ? () => isMetered() || !!checked.holdBack?.() : checked.holdBack;
  if (persist) navigator.storage?.persist?.().catch(() => undefined);
  const transport = new FetchTransport(checked);
  let store: IndexedDbStore | undefined;
  const watch = new AbortController();
  return assembleTelemetry(
    { ...checked, holdBack },
    {
      clock: systemClock,
      codec: ndjsonCodec,
      transport,
      makeStore: (tell) => {
        store = new IndexedDbStore({ ...checked, name, clock: systemClock, tell });
        return store;
      },
      makeSpare: (tell) => {
        const caps = { ...checked, storeBytesMax: checked.bufferBytesMax };
        return new IndexedDbStore({ ...caps, name: false, clock: systemClock, tell });
      },
      attach: (page) => {
        const on = (type: string, listener: (event: PageTransitionEvent) => void) =>
          globalThis.addEventListener?.(type, listener as (event: Event) => void, { signal: watch.signal });
        /** Hidden, or left; on a phone nothing more may ever be heard. */
        const hide = () => {
          transport.leaving = true;
          page.hide(LEAVING_BYTES_MAX);
          transport.leaving = false;
        };
        // It bubbles up from the document, which workers do not have.
        on("visibilitychange", () => (document.hidden ? hide() : page.show()));
        // Put aside, whole, it may come back or not.
        on("pagehide", ({ persisted }) => {
          hide();
          if (persisted) void store?.suspend();
        });
        on("pageshow", ({ persisted }) => {
          if (!persisted) return;
          void store?.resume();
          page.goOn();
        });
        on("online", () => page.tryNow());
      },
      release: () => watch.abort(),
    },
  );
}

interface Connection {
  readonly saveData?: boolean;
  readonly type?: string;
}

/** Whether the network is paid by the byte, as far as the browser tells. */
function isMetered(): boolean {
  const { connection } = navigator as { readonly connection?: Connection };
  return connection?.saveData === true || connection?.type === "cellular";
}

const invalid = (option: string, given: unknown, expected: string) =>
  new TonearmError("invalid_option", `option ${option} is ${inWords(given)}, expected ${expected}`);
