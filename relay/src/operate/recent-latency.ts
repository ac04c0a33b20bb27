import type { Histogram } from "prom-client";

/** Samples that make "lately": with one every 5 s, a minute. */
const SAMPLES_MAX = 12;

/** How many took up to `boundS`, since the start. */
interface Bucket {
  readonly boundS: number;
  readonly count: number;
}

/** What the last minute of a histogram says; the histogram itself knows only all of time. */
export class RecentLatency {
  readonly #histogram: Histogram<"durable">;
  readonly #samples: (readonly Bucket[])[] = [];

  constructor(histogram: Histogram<"durable">) {
    this.#histogram = histogram;
  }

  /** Takes note of where the histogram stands. */
  async sample(): Promise<void> {
    this.#samples.push(await this.#buckets());
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** The times within which these parts of all answers were given, in ms; undefined when there were none. */
  async quantiles<const T extends readonly number[]>(
    parts: T,
  ): Promise<{ [K in keyof T]: number } | undefined> {
    const before = new Map((this.#samples[0] ?? []).map(({ boundS, count }) => [boundS, count]));
    const buckets = (await this.#buckets()).map(({ boundS, count }) => ({
      boundS,
      count: count - (before.get(boundS) ?? 0),
    }));
    const total = buckets.at(-1)?.count ?? 0;
    if (total === 0) return undefined;
    return parts.map((part) => 1_000 * quantile(buckets, part * total)) as { [K in keyof T]: number };
  }

  /** Over all labels, by rising bounds. */
  async #buckets(): Promise<Bucket[]> {
    const counts = new Map<number, number>();
    for (const { metricName, labels, value } of (await this.#histogram.get()).values) {
      if (!metricName?.endsWith("_bucket")) continue;
      const { le } = labels as { readonly le?: number | "+Inf" };
      const boundS = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
      counts.set(boundS, (counts.get(boundS) ?? 0) + value);
    }
    return Array.from(counts, ([boundS, count]) => ({ boundS, count })).toSorted(
      (a, b) => a.boundS - b.boundS,
    );
  }
}

/** Where the count reaches `wanted`, in s: as if answers were spread evenly within their bucket. */
function quantile(buckets: readonly Bucket[], wanted: number): number {
  let lower: Bucket = { boundS: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= wanted) {
      if (bucket.boundS === Number.POSITIVE_INFINITY) return lower.boundS;
      const within = (wanted - lower.count) / Math.max(1, bucket.count - lower.count);
      return lower.boundS + within * (bucket.boundS - lower.boundS);
    }
    lower = bucket;
  }
  return lower.boundS;
}
