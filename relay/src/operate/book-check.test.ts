import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { Book } from "../book.ts";
import type { Log } from "../log.ts";
import { BookCheck } from "./book-check.ts";

function checked() {
  const errors: unknown[] = [];
  const ignore = () => undefined;
  const log: Log = { info: ignore, warn: ignore, error: (message, fields) => errors.push([message, fields]) };
  const book = new Book();
  const clock = new ManualClock();
  return { book, clock, errors, check: new BookCheck(book, clock, log) };
}

describe("the check of the book", () => {
  it("finds nothing in a book that is kept", () => {
    const { book, check, errors } = checked();
    const ticket = book.enter(10);
    book.settle(ticket, "duplicates", 2);
    book.settle(ticket, "spooled", 3);
    book.reject(ticket, "overloaded");
    expect([check.run(), check.mismatches, errors]).toEqual([0, 0, []]);
  });

  it("counts and logs an event that stands in no column", async () => {
    const { book, check, errors } = checked();
    book.enter(10);
    book.received++;
    expect([check.run(), check.mismatches]).toEqual([1, 1]);
    const fields = expect.objectContaining({ imbalance: 1, received: 11, inFlight: 10 });
    expect(errors).toEqual([["the book does not balance", fields]]);
  });

  it("finds columns whose sum is right and that cannot be", () => {
    const { book, check } = checked();
    const ticket = book.enter(1);
    book.settle(ticket, "delivered", 2);
    expect(book.imbalance).toBe(0);
    check.run();
    expect(check.mismatches).toBe(1);
  });

  it("logs a lasting mismatch once a minute, and counts it every time", async () => {
    const { book, clock, check, errors } = checked();
    book.received++;
    for (let i = 0; i < 12; i++) {
      check.run();
      await clock.advance(15_000);
    }
    expect([check.mismatches, errors.length]).toEqual([12, 3]);
  });
});
