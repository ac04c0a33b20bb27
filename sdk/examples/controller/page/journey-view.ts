/** The picture that moves: every event a dot, on its way from memory to this device's storage, over the air, into the stream. */
import type { Journey, Kind, Stage, Traveller } from "./journey.ts";

interface Dot {
  readonly traveller: Traveller;
  /** Where it is on the picture; it follows its traveller at its own pace, so that nothing happens unseen. */
  stage: Stage;
  sinceMs: number;
  x: number;
  y: number;
  vx: number;
  vy: number;
  radius: number;
}

/** Shares of the picture's width; the numbers below stand there too. */
const STATIONS = { recorded: 0.125, durable: 0.375, "in flight": 0.625, accepted: 0.875 } as const;
const ORDER: readonly Stage[] = ["recorded", "durable", "in flight", "accepted"];
/** A dot stays at least this long where it is. */
const DWELL_MS = 420;
/** How long an accepted one is to be seen, and one that is given up. */
const ACCEPTED_MS = 9_000;
const GIVEN_UP_MS = 900;
/** More at one place are not drawn; the number says how many there are. */
const PILE_MAX = 260;
const COLOURS: Readonly<Record<Kind, string>> = {
  play: "--play",
  source: "--source",
  press: "--press",
  control: "--control",
  earlier: "--control",
};

export class JourneyView {
  /** Whether the way over the air is open. */
  plugged = true;
  readonly #canvas: HTMLCanvasElement;
  readonly #journey: Journey;
  readonly #dots = new Map<Traveller, Dot>();
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #colours: Readonly<Record<string, string>> = {};
  #lastMs = 0;
  #gap = 0;

  constructor(canvas: HTMLCanvasElement, journey: Journey) {
    this.#canvas = canvas;
    this.#journey = journey;
    const readColours = () => {
      const style = getComputedStyle(canvas);
      const names = [...Object.values(COLOURS), "--line", "--panel", "--dim", "--alarm"];
      this.#colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name).trim()]));
    };
    readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
    requestAnimationFrame((nowMs) => this.#frame(nowMs));
  }

  #frame(nowMs: number): void {
    const elapsedS = Math.min(0.05, (nowMs - this.#lastMs) / 1_000);
    this.#lastMs = nowMs;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#gap += ((this.plugged ? 0 : 1) - this.#gap) * Math.min(1, elapsedS * 8);
    this.#follow(nowMs, width, height);
    this.#place(nowMs, elapsedS, width, height);
    this.#draw(nowMs, width, height);
    requestAnimationFrame((next) => this.#frame(next));
  }

  /** Takes over where events are by now, one stage at a time. */
  #follow(nowMs: number, width: number, height: number): void {
    for (const [name, traveller] of this.#journey.travellers) {
      const dot = this.#dots.get(traveller) ?? this.#arrive(traveller, nowMs, width, height);
      const forMs = nowMs - dot.sinceMs;
      if (dot.stage === "accepted" ? forMs > ACCEPTED_MS : dot.stage === "given up" && forMs > GIVEN_UP_MS) {
        this.#dots.delete(traveller);
        this.#journey.travellers.delete(name);
      } else if (dot.stage !== traveller.stage && forMs > DWELL_MS) {
        dot.stage = nextOf(dot.stage, traveller.stage);
        dot.sinceMs = nowMs;
      }
    }
    for (const traveller of this.#dots.keys()) {
      if (this.#journey.travellers.size < this.#dots.size && !isIn(this.#journey, traveller))
        this.#dots.delete(traveller);
    }
  }

  #arrive(traveller: Traveller, nowMs: number, width: number, height: number): Dot {
    const stage = traveller.kind === "earlier" ? "durable" : "recorded";
    const spread = (Math.random() - 0.5) * 40;
    const dot = {
      traveller,
      stage,
      sinceMs: nowMs + Math.random() * 160,
      vx: 0,
      vy: 0,
      radius: 4.2,
    } as const;
    const place = { x: STATIONS[stage] * width + spread, y: stage === "recorded" ? -12 : height - 20 };
    const arrived = { ...dot, ...place };
    this.#dots.set(traveller, arrived);
    return arrived;
  }

  /** Pulls every dot to its place as a spring does. */
  #place(nowMs: number, elapsedS: number, width: number, height: number): void {
    const piles: Record<Stage, Dot[]> = {
      recorded: [],
      durable: [],
      "in flight": [],
      accepted: [],
      "given up": [],
    };
    for (const dot of this.#dots.values()) piles[dot.stage].push(dot);
    for (const [stage, pile] of Object.entries(piles) as [Stage, Dot[]][]) {
      pile.forEach((dot, i) => {
        const [x, y] = placeOf({ stage, i, count: pile.length, width, height, nowMs, dot });
        if (this.#still.matches) [dot.x, dot.y] = [x, y];
        else {
          const stiffness = stage === "given up" ? 18 : 90 - (i % 7) * 5;
          const damping = 2 * Math.sqrt(stiffness) * 0.82;
          dot.vx += ((x - dot.x) * stiffness - dot.vx * damping) * elapsedS;
          dot.vy += ((y - dot.y) * stiffness - dot.vy * damping) * elapsedS;
          dot.x += dot.vx * elapsedS;
          dot.y += dot.vy * elapsedS;
        }
      });
    }
  }

  #draw(nowMs: number, width: number, height: number): void {
    const { devicePixelRatio: ratio } = window;
    if (
      this.#canvas.width !== Math.round(width * ratio) ||
      this.#canvas.height !== Math.round(height * ratio)
    ) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    const context = this.#canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#drawWay(context, nowMs, width, height);
    const shown: Partial<Record<Stage, number>> = {};
    for (const dot of this.#dots.values()) {
      shown[dot.stage] = (shown[dot.stage] ?? 0) + 1;
      if (shown[dot.stage]! <= PILE_MAX) this.#drawDot(context, dot, nowMs);
    }
  }

  #drawDot(
    context: CanvasRenderingContext2D,
    { traveller, stage, sinceMs, x, y, radius }: Dot,
    nowMs: number,
  ): void {
    const forMs = nowMs - sinceMs;
    const fade = stage === "accepted" ? (ACCEPTED_MS - forMs) / 2_500 : 1;
    context.globalAlpha = Math.max(0, Math.min(1, stage === "given up" ? 1 - forMs / GIVEN_UP_MS : fade));
    context.beginPath();
    context.arc(x, y, radius * (traveller.kind === "control" ? 0.72 : 1), 0, Math.PI * 2);
    const colour = this.#colours[COLOURS[traveller.kind]] ?? "gray";
    if (traveller.kind === "earlier") {
      context.lineWidth = 1.8;
      context.strokeStyle = colour;
      context.stroke();
    } else {
      context.fillStyle = colour;
      context.fill();
    }
    context.globalAlpha = 1;
  }

  /** The trays, and the way over the air: whole, or with a gap in it. */
  #drawWay(context: CanvasRenderingContext2D, nowMs: number, width: number, height: number): void {
    const base = height - 8;
    context.lineWidth = 1.5;
    context.strokeStyle = this.#colours["--line"]!;
    context.lineCap = "round";
    for (const stage of ["recorded", "durable", "accepted"] as const) {
      const x = STATIONS[stage] * width;
      const half = halfTray(width);
      context.beginPath();
      context.moveTo(x - half, base);
      context.lineTo(x + half, base);
      context.stroke();
    }
    const half = halfTray(width) + 6;
    context.setLineDash([1, 7]);
    context.strokeStyle = this.#colours["--dim"]!;
    context.lineDashOffset = this.#still.matches ? 0 : -nowMs / 40;
    context.beginPath();
    context.moveTo(STATIONS.recorded * width + half, base);
    context.lineTo(STATIONS.durable * width - half, base);
    context.stroke();
    const cut = this.#gap * 0.09;
    context.strokeStyle = this.#gap > 0.05 ? this.#colours["--alarm"]! : this.#colours["--dim"]!;
    context.lineDashOffset = this.plugged && !this.#still.matches ? -nowMs / 40 : 0;
    for (const [from, to] of [
      [0, 0.5 - cut],
      [0.5 + cut, 1],
    ] as const) {
      context.beginPath();
      for (let t = from; t <= to + 0.001; t += 0.01) context.lineTo(...onArc(t, width, height));
      context.stroke();
    }
    context.setLineDash([]);
    if (this.#gap > 0.05) this.#drawEnds(context, cut, width, height);
  }

  #drawEnds(context: CanvasRenderingContext2D, cut: number, width: number, height: number): void {
    context.globalAlpha = this.#gap;
    for (const t of [0.5 - cut, 0.5 + cut]) {
      const [x, y] = onArc(t, width, height);
      context.beginPath();
      context.moveTo(x, y - 7);
      context.lineTo(x, y + 7);
      context.lineWidth = 3;
      context.stroke();
    }
    context.globalAlpha = 1;
  }
}

const isIn = ({ travellers }: Journey, wanted: Traveller): boolean => {
  for (const traveller of travellers.values()) if (traveller === wanted) return true;
  return false;
};

/** The next stage on the way; back, and out, are one step. */
function nextOf(from: Stage, to: Stage): Stage {
  const at = ORDER.indexOf(from);
  return ORDER.indexOf(to) > at ? ORDER[at + 1]! : to;
}

/** The way over the air: an arch from this device to the stream, `t` from 0 to 1. */
function onArc(t: number, width: number, height: number): [number, number] {
  const edge = halfTray(width) + 6;
  const [from, to] = [STATIONS.durable * width + edge, STATIONS.accepted * width - edge];
  return [from + (to - from) * t, height - 8 - Math.sin(Math.PI * t) ** 0.8 * (height - 34)];
}

const halfTray = (width: number): number => Math.min(74, width * 0.105);

interface Seat {
  readonly stage: Stage;
  /** Which of how many at the same place. */
  readonly i: number;
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly nowMs: number;
  readonly dot: Dot;
}

/** Where a dot belongs: on the arch, or in a pile that is packed closer the larger it grows. */
function placeOf({ stage, i, count, width, height, nowMs, dot }: Seat): readonly [number, number] {
  if (stage === "given up") return [dot.x + (i % 2 ? 30 : -30), height + 60];
  if (stage === "in flight") {
    const share = count === 1 ? 0.5 : 0.24 + (0.52 * i) / (count - 1);
    const [x, y] = onArc(share, width, height);
    return [x, y + Math.sin(nowMs / 300 + i) * 4];
  }
  const room = 2 * halfTray(width);
  const shown = Math.min(count, PILE_MAX);
  const spacing = Math.min(11.5, Math.sqrt((room * (height - 30)) / (shown + 24)));
  const columns = Math.max(1, Math.floor(room / spacing));
  dot.radius = spacing * 0.37;
  const column = i % columns;
  const row = Math.min(Math.floor(i / columns), Math.floor((height - 30) / spacing));
  return [STATIONS[stage] * width + (column - (columns - 1) / 2) * spacing, height - 17 - row * spacing];
}
