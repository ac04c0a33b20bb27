import { TonearmError } from "./errors.ts";
import type { EventPriority, RecordOptions } from "./event.ts";
import { CONTROL, type Priority } from "./store.ts";
import { inWords } from "./words.ts";

/** What an application may say, in the order of the store's numbers; 0 is for control records. */
const PRIORITIES: readonly EventPriority[] = ["critical", "normal", "bulk"];

/** An event's priority as the store knows it. @throws TonearmError `invalid_argument` when it is none. */
export function priorityOf(type: string, options: RecordOptions | undefined): Priority {
  const priority = options?.priority ?? "normal";
  const rank = PRIORITIES.indexOf(priority) + 1;
  if (rank !== CONTROL) return rank as Priority;
  throw new TonearmError(
    "invalid_argument",
    `the priority of "${type}" is ${inWords(priority)}, expected ${PRIORITIES.join(" or ")}`,
  );
}
