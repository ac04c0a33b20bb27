import { describe, expect, it } from "vitest";
import { Book } from "./book.ts";

describe("the book", () => {
  it("refuses what is left of a request, once", () => {
    const book = new Book();
    const ticket = book.enter(10);
    book.settle(ticket, "duplicates", 4);
    book.reject(ticket, "stream_unavailable");
    book.reject(ticket, "overloaded");
    expect(ticket.left).toBe(0);
    expect(book).toMatchObject({
      received: 10,
      duplicates: 4,
      inFlight: 0,
      rejected: { stream_unavailable: 6, overloaded: 0 },
      imbalance: 0,
    });
  });

  it("has a balance through everything that events can meet", () => {
    const book = new Book();
    const tickets = [5, 5, 5, 5].map((events) => book.enter(events));
    book.settle(tickets[0]!, "delivered", 5);
    book.settle(tickets[1]!, "spooled", 5);
    book.reject(tickets[2]!, "batch_too_large");
    expect(book).toMatchObject({ received: 20, delivered: 5, spooled: 5, inFlight: 5, imbalance: 0 });
    book.unspool("delivered", 5);
    expect(book).toMatchObject({ delivered: 10, spooled: 0, imbalance: 0 });
    // Something that is counted twice shows.
    book.delivered++;
    expect(book.imbalance).toBe(-1);
  });
});
