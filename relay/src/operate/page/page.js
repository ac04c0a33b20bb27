/** Asks the relay where it stands, every two seconds as long as somebody looks, and shows it. */
import { byId, bytes, count, counted, duration, fill, rate, write } from "./numbers.js";
import { drawBook, drawChart, drawRejects, drawShards } from "./views.js";

const POLL_MS = 2_000;
const PATIENCE_MS = 5_000;
/** A spool fuller than this needs somebody. */
const SPOOL_FULL = 0.9;

/**
 * @typedef {import("./views.js").Book} Book
 * @typedef {import("./views.js").Sample} Sample
 * @typedef {import("./views.js").ShardLoad} ShardLoad
 * @typedef {{
 *   stream: string, workers: number, uptime_ms: number, stopping: boolean, book: Book, refused_requests: Record<string, number>,
 *   circuit: "closed" | "open" | "half-open", stream_reached: boolean, bytes_in_flight: number, bytes_in_flight_max: number,
 *   aggregation_ratio: number | null, put_calls: number, put_retries: number, put_calls_failed: number,
 *   shards: number, shard_loads: ShardLoad[], aggregation_off: string | null,
 *   acknowledgement: { p50_ms: number, p99_ms: number } | null,
 *   dead_letters: { batches: number, bytes: number },
 *   spool: { batches: number, bytes: number, bytes_max: number, oldest_age_ms: number | null, damaged_batches: number,
 *     unusable_files: number },
 *   history: { interval_ms: number, samples: Sample[] } }} Status
 */

/** @type {{ atMs: number, received: number, delivered: number } | undefined} */
let last;
/** When the relay last answered. */
let answeredMs = performance.now();

/** Events a second since the last answer; the relay's own sample until there are two. @param {Status} status */
function ratesOf({ book, history }) {
  const now = {
    atMs: performance.now(),
    received: book.received,
    delivered: book.delivered + book.inherited,
  };
  const before = last;
  last = now;
  const sample = history.samples.at(-1);
  if (!before || now.received < before.received)
    return { received: sample?.received ?? 0, delivered: sample?.delivered ?? 0 };
  const seconds = (now.atMs - before.atMs) / 1_000;
  return {
    received: (now.received - before.received) / seconds,
    delivered: Math.max(0, now.delivered - before.delivered) / seconds,
  };
}

/** What an operator has to know first, in one sentence. @param {Status} status @param {number} received a second */
function verdictOf(status, received) {
  const { book, circuit, spool } = status;
  const throttled = status.shard_loads.filter((shard) => shard.throttled_per_s > 0).length;
  const since = spool.oldest_age_ms === null ? "" : `, the oldest for ${duration(spool.oldest_age_ms)}`;
  const waiting = `${counted(spool.batches, "batch", "batches")} in the spool${since}`;
  if (book.imbalance !== 0)
    return [
      "bad",
      `The book is off by ${counted(Math.abs(book.imbalance), "event")}. That is a fault of this relay.`,
    ];
  if (book.mismatches > 0) return ["bad", "The book was wrong before. That is a fault of this relay."];
  if (book.damaged > 0)
    return ["bad", `${counted(book.damaged, "event")} lost to a damaged spool. The audit names them.`];
  if (spool.damaged_batches > 0 || spool.unusable_files > 0)
    return [
      "bad",
      `The spool is damaged: ${damageOf(spool)} cannot be read. The audit names what is missing.`,
    ];
  if (status.stopping)
    return ["watch", `Shutting down. ${counted(book.in_flight, "event")} still under way.`];
  if (spool.bytes_max > 0 && spool.bytes > spool.bytes_max * SPOOL_FULL)
    return ["bad", `The spool is nearly full. ${waiting}.`];
  if (circuit !== "closed" && spool.bytes_max === 0)
    return ["bad", "Kinesis takes nothing, and there is no spool. Devices keep their events."];
  if (!status.stream_reached) return ["watch", `The stream was not reached since the start. ${waiting}.`];
  if (circuit !== "closed") return ["watch", `Kinesis takes nothing. ${waiting}.`];
  if (spool.batches > 0) return ["watch", `Kinesis is back. Still ${waiting}.`];
  if (status.dead_letters.batches > 0)
    return [
      "watch",
      `${counted(status.dead_letters.batches, "dead letter")}: Kinesis refuses them for ever.`,
    ];
  if (throttled > 0)
    return ["watch", `${throttled} of ${counted(status.shards, "shard")} full. The relay waits for room.`];
  if (received === 0) return ["quiet", "Ready. Nothing is coming in just now."];
  return [
    "good",
    `All is well: ${counted(status.shards, "shard")} ${status.shards === 1 ? "takes" : "take"} what comes in.`,
  ];
}

/** @param {Status["spool"]} spool */
const damageOf = ({ damaged_batches: batches, unusable_files: files }) =>
  [
    ...(batches > 0 ? [counted(batches, "batch", "batches")] : []),
    ...(files > 0 ? [counted(files, "file")] : []),
  ].join(" and ");

/** @param {Status} status */
function show(status) {
  const rates = ratesOf(status);
  const deck = byId("deck");
  const [tone, verdict] = verdictOf(status, rates.received);
  deck.dataset.circuit = status.circuit;
  deck.dataset.tone = tone;
  deck.classList.toggle("turning", rates.delivered > 0);
  write("circuit", `circuit ${status.circuit}`);
  write("verdict", verdict ?? "");
  write("stream", status.stream);
  const workers = status.workers > 1 ? `, ${status.workers} workers` : "";
  write("uptime", `up ${duration(status.uptime_ms)}${workers}`);
  write("received-rate", rate(rates.received));
  write("delivered-rate", rate(rates.delivered));
  const ratio = status.history.samples.at(-1)?.ratio ?? status.aggregation_ratio;
  write("ratio", ratio === null ? "–" : rate(ratio));
  const { acknowledgement } = status;
  write("p50", acknowledgement ? duration(acknowledgement.p50_ms) : "–");
  write("p99", acknowledgement ? `99 % in ${duration(acknowledgement.p99_ms)}` : "no batch lately");
  showHeld(status);
  write("calls", count(status.put_calls));
  write("calls-failed", count(status.put_calls_failed));
  write("retries", count(status.put_retries));
  drawChart(status.history);
  drawShards(status.shard_loads, status.shards, status.aggregation_off);
  drawRejects(status.book.rejected, status.refused_requests);
  drawBook(status.book);
}

/** What waits and what is under way. @param {Status} status */
function showHeld({ spool, bytes_in_flight: inFlight, bytes_in_flight_max: inFlightMax }) {
  const spoolWords =
    spool.bytes_max === 0 ? "none is configured" : `${bytes(spool.bytes)} of ${bytes(spool.bytes_max)}`;
  write("spool-batches", count(spool.batches));
  write("spool-state", spool.oldest_age_ms === null ? "" : `oldest ${duration(spool.oldest_age_ms)}`);
  write("spool-words", spoolWords);
  showBar("spool-bar", spool.bytes / Math.max(1, spool.bytes_max), spoolWords);
  const flightWords = `${bytes(inFlight)} of ${bytes(inFlightMax)}`;
  write("flight-words", flightWords);
  showBar("flight-bar", inFlight / inFlightMax, flightWords);
}

/** @param {string} id @param {number} part @param {string} words */
function showBar(id, part, words) {
  const bar = byId(id);
  bar.setAttribute("aria-label", words);
  fill(/** @type {HTMLElement} */ (bar.firstElementChild), part);
}

function showSilence() {
  const deck = byId("deck");
  deck.dataset.tone = "bad";
  deck.classList.remove("turning");
  write("verdict", `The relay has not answered for ${duration(performance.now() - answeredMs)}.`);
}

async function poll() {
  if (document.hidden) return;
  try {
    const answer = await fetch("status.json", { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const status = await answer.json();
    answeredMs = performance.now();
    show(status);
  } catch {
    showSilence();
  }
}

async function keepPolling() {
  await poll();
  setTimeout(keepPolling, POLL_MS);
}

document.addEventListener("visibilitychange", () => void poll());
void keepPolling();
