/** The parts of the page that are drawn. */
import { byId, bytes, count, counted, duration, element, fill, rate, whole, write } from "./numbers.js";

/**
 * @typedef {{ received: number, delivered: number, rejected: number, ratio: number | null }} Sample
 * @typedef {{ id: string, bytes_per_s: number, records_per_s: number, throttled_per_s: number, load: number }} ShardLoad
 * @typedef {{ received: number, delivered: number, spooled: number, in_flight: number, duplicates: number,
 *   rejected: Record<string, number>, dead_letters: number, damaged: number, imbalance: number, inherited: number,
 *   mismatches: number }} Book
 */

const CHART = { width: 600, height: 160, samples: 120 };

/** @param {number} value the least round number that is not below it */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

/** @param {{ interval_ms: number, samples: Sample[] }} history */
export function drawChart({ interval_ms: intervalMs, samples }) {
  const most = roundUp(Math.max(1, ...samples.flatMap((s) => [s.received, s.delivered, s.rejected])));
  const left = CHART.samples - samples.length;
  /** @param {(sample: Sample) => number} figure */
  const points = (figure) =>
    samples.map((sample, i) => {
      const x = ((left + i) / (CHART.samples - 1)) * CHART.width;
      return `${x.toFixed(1)} ${(CHART.height - (figure(sample) / most) * CHART.height).toFixed(1)}`;
    });
  /** @param {string[]} at */
  const path = (at) => (at.length < 2 ? "" : `M${at.join("L")}`);
  const out = points((sample) => sample.delivered);
  const from = ((left / (CHART.samples - 1)) * CHART.width).toFixed(1);
  byId("area").setAttribute(
    "d",
    out.length < 2 ? "" : `${path(out)}L${CHART.width} ${CHART.height}L${from} ${CHART.height}Z`,
  );
  byId("line").setAttribute("d", path(points((sample) => sample.received)));
  const refused = samples.some((sample) => sample.rejected > 0) ? points((sample) => sample.rejected) : [];
  byId("refused").setAttribute("d", path(refused));
  write("most", samples.length < 2 ? "" : count(most));
  write("from", `${duration(CHART.samples * intervalMs)} ago`);
  const last = samples.at(-1);
  const words = last
    ? `events a second over the last ${duration(samples.length * intervalMs)}, up to ${count(most)}; now ${rate(last.received)} received, ${rate(last.delivered)} into the stream, ${rate(last.rejected)} refused`
    : "no samples yet";
  byId("chart").setAttribute("aria-label", words);
}

/** Above this the cells are too small for figures. */
const FIGURES_MAX = 96;
const HOT = 0.45;

/** @param {ShardLoad} shard */
const percent = ({ load }) => `${Math.round(load * 100)} %`;

/** @param {ShardLoad} shard */
const inWords = (shard) =>
  `${shard.id}: ${percent(shard)} of a shard, ${bytes(shard.bytes_per_s)}/s, ${counted(shard.records_per_s, "record")}/s${shard.throttled_per_s > 0 ? `, ${count(shard.throttled_per_s)} throttled/s` : ""}`;

const BUSIEST_MAX = 5;

/** @param {ShardLoad} shard */
function rowOf(shard) {
  const row = element("tr");
  const name = element("th", shard.id);
  name.setAttribute("scope", "row");
  const { bytes_per_s: bytesPerS, records_per_s: recordsPerS, throttled_per_s: throttledPerS } = shard;
  const figures = [percent(shard), bytes(bytesPerS), count(recordsPerS), count(throttledPerS)];
  row.append(name, ...figures.map((figure) => element("td", figure)));
  return row;
}

/** @param {ShardLoad[]} shards @param {number} total @param {string | null} aggregationOff */
export function drawShards(shards, total, aggregationOff) {
  const heat = byId("heat");
  heat.classList.toggle("many", shards.length > FIGURES_MAX);
  const cells = shards.map((shard) => {
    const cell = element("li", String(Math.round(shard.load * 100)));
    cell.style.setProperty("--load", String(Math.min(1, shard.load)));
    cell.classList.toggle("hot", shard.load > HOT);
    cell.classList.toggle("throttled", shard.throttled_per_s > 0);
    cell.title = inWords(shard);
    cell.setAttribute("aria-label", inWords(shard));
    return cell;
  });
  heat.replaceChildren(...cells);
  const busiest = shards.toSorted((a, b) => b.load - a.load).slice(0, BUSIEST_MAX);
  byId("busiest").replaceChildren(...busiest.map(rowOf));
  const listed = shards.length < total ? `the ${shards.length} busiest of ${total}` : `${total} open`;
  const off = aggregationOff === null ? "" : "; not aggregated, each event is a record";
  write("shard-words", `${listed}, load in percent${off}`);
}

const COLUMNS = /** @type {const} */ ([
  ["delivered", "delivered"],
  ["spooled", "spooled"],
  ["in_flight", "in flight"],
  ["duplicates", "duplicates"],
  ["rejected", "rejected"],
  ["dead_letters", "dead letters"],
  ["damaged", "damaged"],
]);

/** Columns that a healthy relay never has; they are there once they hold something. */
const RARE = ["dead_letters", "damaged"];

/** @param {Book} book */
export function drawBook(book) {
  const rejected = Object.values(book.rejected).reduce((sum, events) => sum + events, 0);
  const sums = { ...book, rejected };
  const columns = COLUMNS.filter(([key]) => sums[key] > 0 || !RARE.includes(key));
  const parts = columns.map(([key]) => {
    const part = element("i", "", key);
    fill(part, sums[key] / Math.max(1, book.received));
    return part;
  });
  byId("columns").replaceChildren(...parts);
  const spoken = columns.map(([key, name]) => `${count(sums[key])} ${name}`).join(", ");
  byId("columns").setAttribute("aria-label", `of ${count(book.received)} received: ${spoken}`);
  const entries = [["received", book.received, ""], ...columns.map(([key, name]) => [name, sums[key], key])];
  const terms = entries.map(([name, value, key]) => {
    const entry = element("div", "", String(key));
    entry.append(element("dt", String(name)), element("dd", whole.format(Number(value))));
    return entry;
  });
  byId("sums").replaceChildren(...terms);
  const isWrong = book.imbalance !== 0 || book.mismatches > 0;
  byId("book").classList.toggle("wrong", isWrong);
  const also =
    book.inherited > 0 ? `; ${counted(book.inherited, "event")} of an earlier process beside it` : "";
  write("balance", isWrong ? `does not balance: off by ${whole.format(book.imbalance)}` : `balances${also}`);
}

const REASONS_MAX = 6;

/** @param {Record<string, number>} events @param {Record<string, number>} requests */
export function drawRejects(events, requests) {
  const codes = [...new Set([...Object.keys(events), ...Object.keys(requests)])];
  const ranked = codes.map((code) => ({ code, events: events[code] ?? 0, requests: requests[code] ?? 0 }));
  ranked.sort((a, b) => b.requests + b.events - (a.requests + a.events));
  const most = Math.max(1, ...ranked.map((each) => each.requests));
  const items = ranked.slice(0, REASONS_MAX).map((each) => {
    const item = element("li");
    const bar = element("div", "", "bar");
    const part = element("i");
    fill(part, each.requests / most);
    bar.append(part);
    const figures = `${counted(each.requests, "request")}${each.events > 0 ? `, ${counted(each.events, "event")}` : ""}`;
    item.append(element("span", each.code.replaceAll("_", " ")), element("span", figures), bar);
    return item;
  });
  byId("rejects").replaceChildren(...(items.length > 0 ? items : [element("li", "Nothing.", "none")]));
}
