import type { Book } from "../book.ts";
import type { BookCheck } from "./book-check.ts";
import type { Metric } from "./metric.ts";

/** The book: every event that came in stands in one column. */
export const bookMetrics = (book: Book, check: BookCheck): readonly Metric[] => [
  ...columnMetrics(book),
  {
    name: "tonearm_events_inherited_total",
    help: "Events that an earlier process spooled and that are in the stream now; no column of the book.",
    type: "counter",
    read: () => book.inherited,
  },
  {
    name: "tonearm_requests_refused_total",
    help: "Requests refused, by the code of the answer.",
    type: "counter",
    label: "code",
    read: () => Object.entries(book.refusedRequests),
  },
  {
    name: "tonearm_book_imbalance_events",
    help: "received - (delivered + spooled + in flight + duplicates + rejected + dead letters + damaged); anything but 0 is a fault of the relay.",
    type: "gauge",
    read: () => check.run(),
  },
  {
    name: "tonearm_book_mismatches_total",
    help: "Checks that found the book wrong.",
    type: "counter",
    read: () => check.mismatches,
  },
];

const columnMetrics = (book: Book): readonly Metric[] => [
  {
    name: "tonearm_events_received_total",
    help: "Events read off requests.",
    type: "counter",
    read: () => book.received,
  },
  {
    name: "tonearm_events_delivered_total",
    help: "Events in the stream.",
    type: "counter",
    read: () => book.delivered,
  },
  {
    name: "tonearm_events_duplicates_total",
    help: "Events that were safe already when they came again.",
    type: "counter",
    read: () => book.duplicates,
  },
  {
    name: "tonearm_events_rejected_total",
    help: "Events refused, by the code of the answer; their senders keep them.",
    type: "counter",
    label: "code",
    read: () => Object.entries(book.rejected),
  },
  {
    name: "tonearm_events_spooled",
    help: "Events of this process on the relay's own disk, not in the stream yet.",
    type: "gauge",
    read: () => book.spooled,
  },
  {
    name: "tonearm_events_moved",
    help: "Events of one worker in another's spool, less those: 0 over all workers, unless one of them was killed.",
    type: "gauge",
    read: () => book.moved,
  },
  {
    name: "tonearm_events_in_flight",
    help: "Events under way.",
    type: "gauge",
    read: () => book.inFlight,
  },
  {
    name: "tonearm_events_dead_letters_total",
    help: "Events accepted that Kinesis refuses for ever; `relay dead-letter` lists them.",
    type: "counter",
    read: () => book.deadLetters,
  },
  {
    name: "tonearm_events_damaged_total",
    help: "Events accepted that damage to the spool has taken.",
    type: "counter",
    read: () => book.damaged,
  },
];
