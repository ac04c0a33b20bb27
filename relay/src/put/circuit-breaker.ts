import type { Clock } from "@tonearm/sdk/ports";
import type { FailureWatch } from "./failure-watch.ts";

export interface CircuitBreakerOptions {
  /** How long the circuit stays open before the first probe, in ms; it doubles with every probe that fails. */
  readonly openMs: number;
  readonly openMsMax: number;
}

/** The state of the circuit; what belongs to a state lives in it alone. */
export type Circuit =
  | { readonly kind: "closed" }
  | { readonly kind: "open"; readonly untilMs: number; readonly openMs: number }
  /** One probe may be under way; what it meets decides. */
  | { readonly kind: "half-open"; readonly openMs: number };

/** Whether Kinesis takes calls. What opens it is the watch's to say; here is what an open circuit means. */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #watch: FailureWatch;
  readonly #options: CircuitBreakerOptions;
  readonly #onChange: (circuit: Circuit["kind"]) => void;
  #circuit: Circuit = { kind: "closed" };

  constructor(
    parts: { readonly clock: Clock; readonly watch: FailureWatch },
    options: CircuitBreakerOptions,
    onChange: (circuit: Circuit["kind"]) => void,
  ) {
    this.#clock = parts.clock;
    this.#watch = parts.watch;
    this.#options = options;
    this.#onChange = onChange;
  }

  /** The state now; an open circuit whose time is over is half-open. */
  get kind(): Circuit["kind"] {
    const circuit = this.#circuit;
    if (circuit.kind === "open" && this.#clock.monotonicMs() >= circuit.untilMs) {
      this.#become({ kind: "half-open", openMs: circuit.openMs });
    }
    return this.#circuit.kind;
  }

  /** How long until a probe is allowed, in ms; 0 when calls are. */
  get waitMs(): number {
    return this.kind === "open" && this.#circuit.kind === "open"
      ? this.#circuit.untilMs - this.#clock.monotonicMs()
      : 0;
  }

  /** The calls that decide whether it opens, and how many of them failed. */
  get recent(): { readonly calls: number; readonly failures: number } {
    return this.#watch.recent;
  }

  /** Kinesis answered a call, whatever it said of its records. */
  succeeded(): void {
    if (this.#circuit.kind === "closed") this.#watch.succeeded();
    else this.#become({ kind: "closed" });
  }

  /** A call failed as a whole. */
  failed(): void {
    const circuit = this.#circuit;
    const { openMs, openMsMax } = this.#options;
    switch (circuit.kind) {
      case "closed":
        if (this.#watch.failed()) this.#open(openMs);
        return;
      case "half-open":
        this.#open(Math.min(circuit.openMs * 2, openMsMax));
        return;
      case "open":
        // A call that was under way when the circuit opened: it has nothing new to say.
        return;
    }
  }

  /** Jittered, so that relays that lost Kinesis together do not probe together. */
  #open(openMs: number): void {
    const untilMs = this.#clock.monotonicMs() + openMs * (0.5 + this.#clock.fraction() / 2);
    this.#watch.reset();
    this.#become({ kind: "open", untilMs, openMs });
  }

  #become(circuit: Circuit): void {
    const changed = circuit.kind !== this.#circuit.kind;
    this.#circuit = circuit;
    if (changed) this.#onChange(circuit.kind);
  }
}
