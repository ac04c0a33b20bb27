import type { Clock } from "@tonearm/sdk/ports";

export interface CircuitBreakerOptions {
  /** Calls that must fail in a row before the circuit opens. */
  readonly failuresToOpen: number;
  /** How long the circuit stays open before the first probe, in ms; it doubles with every probe that fails. */
  readonly openMs: number;
  readonly openMsMax: number;
}

/** The state of the circuit; what belongs to a state lives in it alone. */
export type Circuit =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly untilMs: number; readonly openMs: number }
  /** One probe may be under way; what it meets decides. */
  | { readonly kind: "half-open"; readonly openMs: number };

/** Whether Kinesis takes calls. It is told of whole calls only: one throttled shard is no outage. */
export class CircuitBreaker {
  readonly #clock: Clock;
  readonly #options: CircuitBreakerOptions;
  readonly #onChange: (circuit: Circuit["kind"]) => void;
  #circuit: Circuit = { kind: "closed", failures: 0 };

  constructor(clock: Clock, options: CircuitBreakerOptions, onChange: (circuit: Circuit["kind"]) => void) {
    this.#clock = clock;
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

  succeeded(): void {
    if (this.#circuit.kind === "closed" && this.#circuit.failures === 0) return;
    this.#become({ kind: "closed", failures: 0 });
  }

  failed(): void {
    const circuit = this.#circuit;
    const { failuresToOpen, openMs, openMsMax } = this.#options;
    switch (circuit.kind) {
      case "closed":
        if (circuit.failures + 1 < failuresToOpen)
          this.#circuit = { kind: "closed", failures: circuit.failures + 1 };
        else this.#open(openMs);
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
    this.#become({ kind: "open", untilMs, openMs });
  }

  #become(circuit: Circuit): void {
    const changed = circuit.kind !== this.#circuit.kind;
    this.#circuit = circuit;
    if (changed) this.#onChange(circuit.kind);
  }
}
