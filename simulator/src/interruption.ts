import { constants } from "node:os";
import { firstSignal } from "@tonearm/relay/flags";

/** Somebody wants the command to end before its work is done. */
export class Interrupted extends Error {
  /** What a shell expects of a program that a signal ended. */
  readonly exitCode: number;

  constructor(signal: string) {
    super(`interrupted (${signal}); what it had started is ended, and its temporary files are removed`);
    this.exitCode = 128 + (constants.signals[signal as NodeJS.Signals] ?? constants.signals.SIGTERM);
  }
}

/** SIGINT, SIGTERM and the end of the package manager that started us, as a reason why work fails: `finally` then cleans up. */
export class Interruption {
  readonly #interrupted: Promise<never>;

  constructor() {
    this.#interrupted = firstSignal().then((signal) => {
      throw new Interrupted(signal);
    });
    this.#interrupted.catch(() => undefined);
  }

  /** What `work` comes to. @throws Interrupted as soon as that is wanted; `work` then goes on, and is nobody's any more. */
  during<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#interrupted]);
  }
}
