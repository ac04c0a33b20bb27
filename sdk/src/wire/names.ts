/** Ids of devices and epochs: they stand in keys, logs and file listings, so nothing else is let through. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Types of an application's own events. */
export const EVENT_TYPE_PATTERN = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** Types that only the SDK itself writes; they carry the proof of completeness. */
export const CONTROL_TYPES = ["$open", "$drop", "$close", "$purge"] as const;
export type ControlType = (typeof CONTROL_TYPES)[number];

/**
 * Names at the top level of a stream record that belong to the relay. Event data is spliced in beside them,
 * so data that used one of these names could pass for another device's record.
 */
export const RESERVED_KEYS = [
  "device",
  "epoch",
  "seq",
  "type",
  "time_ms",
  "mono_ms",
  "offset_ms",
  "time_quality",
  "received_ms",
] as const;

/** The reserved name that `data` uses at its top level, if any. */
export function reservedKeyIn(data: object): string | undefined {
  for (const key of RESERVED_KEYS) if (Object.hasOwn(data, key)) return key;
  return undefined;
}

/** Whether `type` is one of the reserved control types. */
export function isControlType(type: string): type is ControlType {
  return (CONTROL_TYPES as readonly string[]).includes(type);
}
