/** As much of XML as notifications and answers of UPnP devices need: elements with text, and attributes `val`. */

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

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
  const found = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^<>]*)?>([^<]*)<`).exec(xml);
  return found ? unescaped(found[1]!).trim() : undefined;
}

/** The attribute of the first element of this name. */
export function attributeOf(xml: string, name: string, attribute: string): string | undefined {
  const found = new RegExp(`<(?:[\\w-]+:)?${name}\\s[^<>]*?\\b${attribute}="([^"]*)"`).exec(xml);
  return found ? unescaped(found[1]!) : undefined;
}

/** The variables that a notification's `LastChange` says have changed, without their prefixes; the master channel's. */
export function changesIn(body: string): Readonly<Record<string, string>> {
  const inner = unescaped(/<LastChange[^>]*>([\s\S]*?)<\/LastChange>/.exec(body)?.[1] ?? "");
  const changes: Record<string, string> = {};
  for (const [, name, attributes] of inner.matchAll(/<(?:[\w-]+:)?([A-Za-z]\w*)\s([^<>]*?)\/?>/g)) {
    const value = /\bval="([^"]*)"/.exec(attributes!)?.[1];
    if (value !== undefined && !/\bchannel="(?!Master)/i.test(attributes!)) changes[name!] = unescaped(value);
  }
  return changes;
}
