import { messageOf, TonearmError, type TonearmErrorCode } from "./errors.ts";
import { isPromise } from "./promised.ts";
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

  /** A listener that throws, at once or later, is told of as an error, and keeps nobody else from hearing. */
  emit<K extends keyof TelemetryEvents>(name: K, news: TelemetryEvents[K]): void {
    const failed = (error: unknown) => {
      const message = `a listener threw: ${messageOf(error)}`;
      // A listener of errors that throws must not be told of its own error.
      if (name === "error") print(message);
      else this.error(new TonearmError("listener_failed", message, error));
    };
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        isPromise((listener as Listener<TelemetryEvents[K]>)(news), failed);
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Reaches somebody in any case: the listeners, or else the console. */
  error(error: TonearmError): void {
    // Nor of what comes of its own doings while it is being told.
    if (this.#failing || !this.#listeners.get("error")?.size) print(error.message);
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

  /** Tells, the first time only, that `what` failed, mostly a function of the application's, and what becomes of it. */
  failed(what: string, error: unknown, next: string, code: TonearmErrorCode = "hook_failed"): void {
    this.trouble(new TonearmError(code, `${what} failed (${messageOf(error)}); ${next}`, error), what);
  }

  /** The trouble is over, and told again when it comes again; returns whether there was any. */
  over(...causes: string[]): boolean {
    return causes.map((cause) => this.#lasting.delete(cause)).includes(true);
  }
}

const print = (message: string): void => console.warn(`tonearm: ${message}`);
