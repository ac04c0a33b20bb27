/** A worker's `/status.json`. */
export interface Status {
  readonly [name: string]: Value;
}
type Value = number | string | boolean | null | readonly Value[] | Status;

/** What all workers see alike, or what only the greatest says something of. Everything else that is a number is added up. */
const GREATEST: readonly string[] = [
  "uptime_ms",
  "circuit_wait_ms",
  "shards",
  "interval_ms",
  "oldest_age_ms",
  "p50_ms",
  "p99_ms",
];
/** Parts of a whole that is itself shared out. */
const AVERAGED: readonly string[] = ["share", "load", "ratio"];
/** Worst first. */
const CIRCUITS = ["open", "half-open", "closed"];

/** One status of all workers together, in the shape of each of them, and how many there are. */
export function addStatuses(statuses: readonly Status[]): Status {
  const sum = addObjects(statuses);
  const { kinesis_records: records, aggregation_ratio: ratio } = sum;
  if (statuses.length > 1 && typeof records === "number" && records > 0 && ratio !== null) {
    const userRecords = statuses.reduce(
      (all, each) => all + Number(each.aggregation_ratio ?? 0) * Number(each.kinesis_records ?? 0),
      0,
    );
    return { ...sum, aggregation_ratio: userRecords / records, workers: statuses.length };
  }
  return { ...sum, workers: statuses.length };
}

function addObjects(objects: readonly Status[]): Status {
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  return Object.fromEntries(
    Array.from(names, (name) => {
      const values = objects.map((object) => object[name]).filter((value) => value !== undefined);
      return [name, addValues(name, values)];
    }),
  );
}

function addValues(name: string, given: readonly Value[]): Value {
  const values = given.filter((value) => value !== null);
  const [first] = values;
  if (first === undefined) return null;
  if (name === "circuit") return CIRCUITS.find((circuit) => values.includes(circuit)) ?? first;
  if (typeof first === "number") {
    const numbers = values as number[];
    if (GREATEST.includes(name)) return Math.max(...numbers);
    const sum = numbers.reduce((all, value) => all + value, 0);
    return AVERAGED.includes(name) ? sum / numbers.length : sum;
  }
  if (typeof first === "boolean") return values.includes(true);
  if (typeof first === "string") return first;
  if (isList(first)) return addLists(values as readonly (readonly Value[])[]);
  return addObjects(values as readonly Status[]);
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** Items with an id belong to those with the same; others are moments, of which the newest come last. */
function addLists(lists: readonly (readonly Value[])[]): readonly Value[] {
  const items = lists.flat();
  if (items.some((item) => idOf(item) !== undefined)) {
    return Map.groupBy(items, idOf)
      .values()
      .map((same) => ({ ...addObjects(same as readonly Status[]), id: idOf(same[0]!)! }))
      .toArray();
  }
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, i) =>
    addValues(
      "",
      lists.map((list) => list[i - length + list.length]).filter((item) => item !== undefined),
    ),
  );
}

function idOf(item: Value): string | undefined {
  if (typeof item !== "object" || item === null || isList(item)) return undefined;
  const { id } = item;
  return typeof id === "string" ? id : undefined;
}
