import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "./page.ts";

const STYLES = ["base.css", "deck.css", "charts.css", "panels.css"];
/** In the order of their imports. */
const SCRIPTS = ["numbers.js", "views.js", "page.js"];

const read = (name: string): string => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");

/** Modules one behind the other as one, so that the page needs nothing but itself: imports and exports fall away. */
const asOne = (modules: readonly string[]): string =>
  modules.map((source) => source.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, "")).join("\n");

const sourceOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

let made: Page | undefined;

/** The status page; it is made once, when somebody first asks for it. */
export function statusPage(): Page {
  made ??= makeStatusPage();
  return made;
}

/** One document without anything from elsewhere, which only its own style and script may touch. */
function makeStatusPage(): Page {
  const style = STYLES.map(read).join("\n");
  const script = asOne(SCRIPTS.map(read));
  const body = read("page.html")
    .replace(/<style>[^<]*/, () => `<style>${style}`)
    .replace(/<script type="module">[^<]*/, () => `<script type="module">${script}`);
  const policy = [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
  };
  return { status: 200, headers, body };
}
