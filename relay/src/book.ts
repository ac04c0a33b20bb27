import type { RefusalCode } from "@tonearm/sdk/wire";

/** Where an event that came in can end up, refusals apart. */
export type Column = "delivered" | "spooled" | "duplicates" | "moved";

/** The events of one request, as long as they are under way. */
export interface Ticket {
  left: number;
}

/**
 * The relay's book. Every event that was read off a request stands in exactly one of its columns, at every moment:
 *
 *   received = delivered + spooled + in flight + duplicates + rejected + dead letters + damaged
 *
 * Where several workers share the work each has a book, and one more column: `moved`, whose sum over all of them is 0.
 */
export class Book {
  received = 0;
  inFlight = 0;
  /** In the stream. */
  delivered = 0;
  /** On the relay's own disk, not in the stream yet. */
  spooled = 0;
  /** Accepted, and then refused by Kinesis for ever: on the relay's own disk, among the dead letters. */
  deadLetters = 0;
  /** Accepted, and then taken by damage to the spool. Whoever reads the stream finds their numbers missing. */
  damaged = 0;
  /** In other workers' spools, less those of others in this one's. */
  moved = 0;
  /** Already safe when they came again: acknowledged, not written. */
  duplicates = 0;
  /** Refused with a reason; their senders keep them. */
  readonly rejected: Partial<Record<RefusalCode, number>> = {};
  /** Requests refused before their events could be counted. */
  readonly refusedRequests: Partial<Record<RefusalCode, number>> = {};
  /** Events that an earlier process left in the spool and that are in the stream now: not part of the sum above. */
  inherited = 0;

  /** Events came in. */
  enter(events: number): Ticket {
    this.received += events;
    this.inFlight += events;
    return { left: events };
  }

  /** Some of them are safe. */
  settle(ticket: Ticket, column: Column, events: number): void {
    ticket.left -= events;
    this.inFlight -= events;
    this[column] += events;
  }

  /** What is left of them is refused. */
  reject(ticket: Ticket, code: RefusalCode): void {
    this.rejected[code] = (this.rejected[code] ?? 0) + ticket.left;
    this.inFlight -= ticket.left;
    ticket.left = 0;
  }

  /** Events of another worker are in this one's spool. */
  takeOver(events: number): void {
    this.moved -= events;
    this.spooled += events;
  }

  /** Spooled events of this process are in the stream, or are dead letters, or are gone. */
  unspool(column: "delivered" | "deadLetters" | "damaged", events: number): void {
    this.spooled -= events;
    this[column] += events;
  }

  refuseRequest(code: RefusalCode): void {
    this.refusedRequests[code] = (this.refusedRequests[code] ?? 0) + 1;
  }

  /** What is missing on the right side; 0 as long as the book is right. */
  get imbalance(): number {
    const safe = this.delivered + this.spooled + this.moved + this.inFlight + this.duplicates;
    return this.received - safe - this.rejectedEvents - this.deadLetters - this.damaged;
  }

  /** Events refused, whatever the reason. */
  get rejectedEvents(): number {
    return Object.values(this.rejected).reduce((sum, count) => sum + count, 0);
  }
}
