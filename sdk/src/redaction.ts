import type { EventData } from "./event.ts";
import type { News } from "./news.ts";
import { isPromise } from "./promised.ts";
import { inWords } from "./words.ts";

/** Sees every event, its data as JSON spells it; returns the data to record in its place, or null to drop the event. */
export type Redact = (event: { readonly type: string; readonly data: EventData }) => EventData | null;

/** `redact` made safe: whatever goes wrong in it drops the event, because it must not be sent as it was. */
export function redaction(redact: Redact, news: News) {
  return (type: string, data: EventData): EventData | undefined => {
    try {
      const kept: unknown = redact({ type, data });
      const isLater = isPromise(kept);
      if (kept !== null && (typeof kept !== "object" || Array.isArray(kept) || isLater)) {
        const returned = isLater ? "a promise" : inWords(kept);
        throw new Error(`it returned ${returned}, expected plain data or null`);
      }
      news.over("redact");
      return (kept as EventData) ?? undefined;
    } catch (error) {
      news.failed("redact", error, "events are dropped as long as it does");
      return undefined;
    }
  };
}
