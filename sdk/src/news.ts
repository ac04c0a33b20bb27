import { Emitter, type Listener } from "./emitter.ts";
import { messageOf, TonearmError } from "./errors.ts";
import type { TelemetryEvents } from "./telemetry-api.ts";

/** Tells the application what happens. Lasting trouble is told once, until it is over. */
export class News {
  readonly #emitter = new Emitter<TelemetryEvents>((error) =>
    this.error(new TonearmError("listener_failed", `a listener threw: ${messageOf(error)}`, error)),
  );
  readonly #lasting = new Set<string>();
  #failing = false;

  on<K extends keyof TelemetryEvents>(name: K, listener: Listener<TelemetryEvents[K]>): () => void {
    return this.#emitter.on(name, listener);
  }

  emit<K extends Exclude<keyof TelemetryEvents, "error">>(name: K, news: TelemetryEvents[K]): void {
    this.#emitter.emit(name, news);
  }

  /** Reaches somebody in any case: the listeners, or else the console. */
  error(error: TonearmError): void {
    // A listener of errors that throws must not be told of its own error.
    if (this.#failing || !this.#emitter.hasListener("error")) {
      console.warn(`tonearm: ${error.message}`);
      return;
    }
    this.#failing = true;
    this.#emitter.emit("error", error);
    this.#failing = false;
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
