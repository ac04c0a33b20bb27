/** A string with its escapes, or what opens and closes; numbers and words say nothing here. */
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Names that stand more than once in the outermost object of `json`, which has been parsed already: a parser takes the last of
 * them without a word.
 */
export function repeatedNames(json: string): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  let depth = 0;
  for (const [token, colon] of json.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (colon !== undefined && depth === 1) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      (seen.has(name) ? repeated : seen).add(name);
    }
  }
  return [...repeated];
}
