import { messageOf, TonearmError } from "./errors.ts";
import type { Listener, TelemetryEvents } from "./telemetry-api.ts";

/** Tells the application what happens. Lasting trouble is told once, until it is over. */
export class News {
  readonly #listeners = new Map<keyof TelemetryEvents, Set<Listener<never>>>();
  readonly #lasting = new Set<string>();
  #failing = false;

  /** Registers a listener; the returned function takes it off again. */
  on<K extends keyof TelemetryEvents>(name: K, listener: Listener<TelemetryEvents[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** A listener that throws is told of as an error, and keeps nobody else from hearing. */
  emit<K extends keyof TelemetryEvents>(name: K, news: TelemetryEvents[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<TelemetryEvents[K]>)(news);
      } catch (error) {
        this.error(new TonearmError("listener_failed", `a listener threw: ${messageOf(error)}`, error));
      }
    }
  }

  /** Reaches somebody in any case: the listeners, or else the console. */
  error(error: TonearmError): void {
    // A listener of errors that throws must not be told of its own error.
    if (this.#failing || !this.#listeners.get("error")?.size) console.warn(`tonearm: ${error.message}`);
    else {
      this.#failing = true;
      this.emit("error", error);
      this.#failing = false;
    }
  }

  /** Tells of trouble that lasts, the first time only; returns whether this was it. `cause` tells one trouble from another. */
  trouble(error: TonearmError, cause: string = error.code): boolean {
    if (this.#lasting.has(cause)) return false;
    this.#lasting.add(cause);
    this.error(error);
    return true;
  }

  /** The trouble is over, and told again when it comes again; returns whether there was any. */
  over(...causes: string[]): boolean {
    return causes.map((cause) => this.#lasting.delete(cause)).includes(true);
  }
}
