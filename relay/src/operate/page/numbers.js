/** How figures are spelled, and how they get into the page. Everything goes in as text: nothing is ever parsed as HTML. */

export const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** @param {number} value */
export const count = (value) => (value < 100_000 ? whole.format(value) : short.format(value));

/** A rate, which may be less than one. @param {number} value */
export const rate = (value) => (value > 0 && value < 9.95 ? value.toFixed(1) : count(value));

/** @param {number} value */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let left = value;
  while (left >= 1_024 && unit < units.length - 1) {
    left /= 1_024;
    unit++;
  }
  return `${left < 10 && unit > 0 ? left.toFixed(1) : whole.format(left)} ${units[unit]}`;
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1_000) return `${whole.format(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** @param {number} number @param {string} one @param {string} [many] */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** @param {string} id @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Writes only what has changed, so that a screen reader is told of nothing else. @param {string} id @param {string} text */
export function write(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/** @param {string} tag @param {string} [text] @param {string} [className] */
export function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== "") made.className = className;
  return made;
}

/** The filled part of a bar. @param {HTMLElement} bar @param {number} part 0 to 1 */
export function fill(bar, part) {
  bar.style.setProperty("--part", String(Math.min(1, part)));
  bar.classList.toggle("some", part > 0);
}
