/**
 * As much of XML as notifications and answers of UPnP devices need: elements with text, and their attributes. What they may be
 * written like: any prefix, values in quotes or apostrophes, blanks around `=`, a `>` in a value, and CDATA.
 */

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

const PREFIX = "(?:[\\w.-]+:)?";
/** The rest of a tag: a `>` in a value is not its end. */
const REST = "(?=[\\s/>])((?:\"[^\"]*\"|'[^']*'|[^<>\"'])*)>";
/** The text behind a tag, which may be CDATA. */
const TEXT = "(?:\\s*<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|([^<]*)<)";
const TAG = new RegExp(`<${PREFIX}([A-Za-z]\\w*)${REST}`, "g");
const LAST_CHANGE = new RegExp(`<${PREFIX}LastChange${REST}`);

/** Text with its entities resolved, once. */
export function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|quot|apos|amp));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** The text of the first element of this name, whatever its prefix; undefined where there is none. */
export function textOf(xml: string, name: string): string | undefined {
  const [found, , data, text = ""] = new RegExp(`<${PREFIX}${name}${REST}${TEXT}`).exec(xml) ?? [];
  return found === undefined ? undefined : (data ?? unescaped(text)).trim();
}

/** The attribute of the first element of this name. */
export function attributeOf(xml: string, name: string, attribute: string): string | undefined {
  const [, rest = ""] = new RegExp(`<${PREFIX}${name}${REST}`).exec(xml) ?? [];
  return attributesOf(rest).get(attribute);
}

/**
 * The variables that a notification's `LastChange` says have changed, without their prefixes; the master channel's. Undefined where
 * it cannot be read.
 */
export function changesIn(body: string): Readonly<Record<string, string>> | undefined {
  const start = LAST_CHANGE.exec(body);
  if (!start) return undefined;
  const behind = body.slice(start.index + start[0].length);
  const end = start[1]!.endsWith("/") ? 0 : behind.search(/<\/(?:[\w.-]+:)?LastChange\s*>/);
  if (end < 0) return undefined;
  const event = eventIn(behind.slice(0, end).trim());
  const tags = Array.from(event.matchAll(TAG), ([, name, rest]) => [name!, attributesOf(rest!)] as const);
  if (event !== "" && tags.length === 0) return undefined;
  const changes = tags.flatMap(([name, attributes]) => {
    const value = attributes.get("val");
    const channel = attributes.get("channel") ?? attributes.get("Channel");
    return value === undefined || /^(?!master$)./i.test(channel ?? "") ? [] : [[name, value] as const];
  });
  return Object.fromEntries(changes);
}

/** The document that stands in an element: as text that is escaped, as CDATA, or as it is. */
function eventIn(inner: string): string {
  const data = /^<!\[CDATA\[([\s\S]*)\]\]>$/.exec(inner)?.[1];
  if (data !== undefined) return data.trim();
  return inner.startsWith("<") ? inner : unescaped(inner).trim();
}

/** The attributes in the rest of a tag, with their values. */
function attributesOf(rest: string): ReadonlyMap<string, string> {
  // A name begins where none goes on, or a long one would be looked through again from each of its letters.
  const found = rest.matchAll(/(?<![\w:.-])([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map(
    Array.from(found, ([, name, quoted, apostrophed]) => [name!, unescaped(quoted ?? apostrophed ?? "")]),
  );
}
