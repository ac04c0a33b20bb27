import type { Header } from "./header.ts";

/** What happens to a batch while it is decoded: whether it may come in, and what of it goes on. */
export interface Intake {
  /**
   * Told of the header before any event is looked at.
   * @returns the name under which the batch goes on.
   * @throws Refusal when it may not come in.
   */
  admit(header: Header): string;
  /** Takes out of an event's data, which is JSON already, what must not go on. Undefined: data goes on as it is. */
  readonly conceal: ((data: Buffer) => Buffer) | undefined;
}

/** Everything comes in and goes on as it is. */
export const OPEN: Intake = { admit: ({ device }) => device, conceal: undefined };
