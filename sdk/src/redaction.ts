import { messageOf, TonearmError } from "./errors.ts";
import type { EventData } from "./event.ts";
import type { News } from "./news.ts";
import { inWords } from "./words.ts";

/** Sees every event before it is encoded; returns the data to record in its place, or null to drop the event. */
export type Redact = (event: { readonly type: string; readonly data: EventData }) => EventData | null;

/** `redact` made safe: whatever goes wrong in it drops the event, because it must not be sent as it was. */
export function redaction(redact: Redact, news: News) {
  return (type: string, data: EventData): EventData | undefined => {
    try {
      const kept: unknown = redact({ type, data });
      if (kept !== null && (typeof kept !== "object" || Array.isArray(kept) || kept instanceof Promise)) {
        const returned = kept instanceof Promise ? "a promise" : inWords(kept);
        throw new Error(`it returned ${returned}, expected plain data or null`);
      }
      news.over("redact");
      return (kept as EventData) ?? undefined;
    } catch (error) {
      const message = `redact failed (${messageOf(error)}); events are dropped as long as it does`;
      news.trouble(new TonearmError("hook_failed", message, error), "redact");
      return undefined;
    }
  };
}
