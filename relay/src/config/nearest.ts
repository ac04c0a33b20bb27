/** Names are compared without what spellings differ in: case, dashes and underscores. */
const plain = (name: string): string => name.replace(/[-_]/g, "").toLowerCase();

/** So much of a given name is looked at: no option's name is longer. */
const COMPARED_MAX = 64;

/** `, did you mean NAME?`, for the name that was probably meant; nothing when none is near. */
export function suggestion(given: string, names: Iterable<string>): string {
  const wanted = plain(given.slice(0, COMPARED_MAX));
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const name of names) {
    const edits = distance(wanted, plain(name));
    if (!best || edits < best.edits) best = { name, edits };
  }
  // Two slips, or more in a long name; any more and a guess would mislead.
  const editsMax = Math.max(2, Math.floor(wanted.length / 4));
  return best && best.edits <= editsMax ? `, did you mean ${best.name}?` : "";
}

/** Letters to insert, leave out, replace or swap with their neighbour to get from `a` to `b`. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
