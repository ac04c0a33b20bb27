import { BATCH_EVENTS_MAX, ID_PATTERN, INTEGER_MAX, PROTOCOL_VERSION } from "@tonearm/sdk/wire";
import { Refusal } from "../refusal.ts";

export interface Header {
  readonly device: string;
  readonly epoch: string;
  readonly firstSeq: number;
}

/** The fields of a batch's header as they were read, whatever they are. */
export type RawHeader = Readonly<Record<string, unknown>>;

const ID_RULE = '1 to 64 of A-Z, a-z, 0-9, "_" and "-"';

/**
 * Checks the header of a batch of `count` events.
 * @throws Refusal `unsupported_version` or `invalid_batch`. What was sent is never repeated in the message: ids are
 *   where forged log lines would come from.
 */
export function checkHeader(raw: RawHeader, count: number): Header {
  const { v, device, epoch, first_seq: firstSeq } = raw;
  if (v !== PROTOCOL_VERSION) {
    throw new Refusal(
      "unsupported_version",
      `v is missing or not ${PROTOCOL_VERSION}, the version spoken here`,
    );
  }
  if (typeof device !== "string" || !ID_PATTERN.test(device)) throw invalid(`device must be ${ID_RULE}`);
  if (typeof epoch !== "string" || !ID_PATTERN.test(epoch)) throw invalid(`epoch must be ${ID_RULE}`);
  if (!Number.isSafeInteger(firstSeq) || (firstSeq as number) < 1) {
    throw invalid("first_seq must be a whole number, 1 or more");
  }
  if (count < 1 || count > BATCH_EVENTS_MAX) {
    throw invalid(`the batch has ${count} events, expected 1 to ${BATCH_EVENTS_MAX}`);
  }
  if ((firstSeq as number) > INTEGER_MAX - count + 1)
    throw invalid("first_seq plus the number of events is too large");
  return { device, epoch, firstSeq: firstSeq as number };
}

export function invalid(message: string): Refusal {
  return new Refusal("invalid_batch", message);
}
