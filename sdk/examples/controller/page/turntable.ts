/** The record and its arm, in the drawing's own units: the arm stands on the groove that sounds. */

/** Angles of the arm, in degrees: beside the record, on its first groove, on its last. */
const ARM = { rest: 2, first: 27, last: 46 };
const PIVOT = "345 60";
const CENTRE = [152, 160] as const;
/** Seconds of a turn: 33⅓ in a minute. */
const TURN_MS = 1_800;

let turned = 0;
let lastMs = 0;
let playing = false;
let disc: Element | undefined;

/** Puts the arm where the music is, and lets the record turn while it sounds. */
export function turnTable(
  parts: { readonly arm: Element; readonly disc: Element },
  { share, isPlaying }: { readonly share: number; readonly isPlaying: boolean },
): void {
  const isOn = isPlaying || share > 0;
  const angle = isOn ? ARM.first + (ARM.last - ARM.first) * share : ARM.rest;
  (parts.arm as SVGElement).style.transform = `rotate(${angle}deg)`;
  (parts.arm as SVGElement).style.transformOrigin = PIVOT.replace(" ", "px ").concat("px");
  if (!disc) requestAnimationFrame(turn);
  disc = parts.disc;
  playing = isPlaying;
}

function turn(nowMs: number): void {
  if (playing && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    turned = (turned + ((nowMs - lastMs) / TURN_MS) * 360) % 360;
    disc?.setAttribute("transform", `rotate(${turned} ${CENTRE.join(" ")})`);
  }
  lastMs = nowMs;
  requestAnimationFrame(turn);
}

/** Rings of unequal darkness, as the loud and soft parts of a record look. */
export function drawGrooves(into: Element): void {
  for (let radius = 54; radius <= 134; radius += 2.5) {
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    const attributes = {
      cx: CENTRE[0],
      cy: CENTRE[1],
      r: radius,
      opacity: 0.25 + 0.5 * Math.abs(Math.sin(radius * 1.7)),
    };
    for (const [name, value] of Object.entries(attributes)) ring.setAttribute(name, String(value));
    into.append(ring);
  }
}
