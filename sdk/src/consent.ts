import { TonearmError } from "./errors.ts";
import { inWords } from "./words.ts";

/**
 * Whether the person whose events these are agrees. `granted`: events are kept and sent. `pending`: nobody has asked
 * yet; events wait in memory, nothing is written and nothing sent. `denied`: nothing is recorded, and what was kept is
 * purged.
 */
export type ConsentState = "granted" | "pending" | "denied";

/** What became of a change of consent. */
export interface ConsentResult {
  /**
   * Whether it is done. False after `close()`, and when the medium kept something that a purge should have removed: then
   * consent stays denied, and whatever is asked for next tries again first.
   */
  readonly complete: boolean;
}

/** What a change of consent does to an instance. */
export interface ConsentActions {
  /** Lets events be kept and sent. */
  resume(): Promise<void>;
  /** Stops that; resolves when nothing is under way any more. */
  hold(): Promise<void>;
  /** Removes all that is kept and declares it; false when something could not be removed. */
  purge(): Promise<boolean>;
}

const STATES: readonly ConsentState[] = ["granted", "pending", "denied"];

/** @throws TonearmError with `code` when `consent` is none. */
export function checkConsent(consent: ConsentState, code: TonearmError["code"]): ConsentState {
  if (STATES.includes(consent)) return consent;
  throw new TonearmError(code, `consent is ${inWords(consent)}, expected ${STATES.join(" or ")}`);
}

/** Makes one change of consent at a time. A denial is never passed over, whatever is asked for behind it. */
export class Consent {
  readonly #actions: ConsentActions;
  #asked: ConsentState;
  #state: ConsentState;
  #purgeIsDue = false;
  #settled: Promise<ConsentResult> = Promise.resolve({ complete: true });

  constructor(consent: ConsentState, actions: ConsentActions) {
    this.#actions = actions;
    this.#asked = consent;
    this.#state = consent;
  }

  /** What `record` goes by: a denial counts at once, what follows it once the purge is complete. */
  get state(): ConsentState {
    return this.#state;
  }

  /** Resolves when the changes asked for so far are done. */
  get settled(): Promise<ConsentResult> {
    return this.#settled;
  }

  set(consent: ConsentState): Promise<ConsentResult> {
    this.#asked = consent;
    if (consent === "denied") this.#purgeIsDue = true;
    if (consent === "denied" || !this.#purgeIsDue) this.#state = consent;
    this.#settled = this.#settled.then(() => this.#settle());
    return this.#settled;
  }

  /** Something was found that nobody agrees to have kept any more: while consent is denied it is purged as well. */
  found(): void {
    if (this.#asked === "denied") void this.set("denied");
  }

  async #settle(): Promise<ConsentResult> {
    if (this.#purgeIsDue) {
      await this.#actions.hold();
      // What was denied and is still there must not be sent, whatever is allowed now.
      if (!(await this.#actions.purge())) return { complete: false };
      this.#purgeIsDue = false;
    }
    this.#state = this.#asked;
    if (this.#state === "granted") await this.#actions.resume();
    else if (this.#state === "pending") await this.#actions.hold();
    return { complete: true };
  }
}
