import type { Clock } from "@tonearm/sdk/ports";
import type { Intake } from "../ingest/intake.ts";
import type { Pseudonyms } from "../privacy/pseudonyms.ts";
import { type RateLimitOptions, RateLimits } from "../rate-limit/rate-limits.ts";
import type { BucketKind, Peers, Spent } from "../rate-limit/shared-spending.ts";
import { Access, type Credentials, type Grants, type Sender } from "./access.ts";

/** What decides at the entrance; all of it can be changed while the relay serves. */
export interface EntranceRules {
  readonly grants: Grants;
  readonly limits: RateLimitOptions;
  /** Undefined: devices go on under their own names. */
  readonly pseudonyms: Pseudonyms | undefined;
}

/** An intake that is told how large a batch turned out to be. */
export interface MeteredIntake extends Intake {
  /**
   * What the batch takes of the stream. That is counted, where it is more than the body was inflated: a spelling that
   * says the same in fewer bytes does not let more events through.
   */
  decoded(streamBytes: number): void;
}

/** Where batches come in: who may, how fast, and under which name they go on. */
export class Entrance {
  readonly #access: Access;
  readonly #limits: RateLimits;
  #pseudonyms: Pseudonyms | undefined;

  /** @param peers the other workers, where this is one of several. */
  constructor({ grants, limits, pseudonyms }: EntranceRules, clock: Clock, peers?: Peers) {
    this.#access = new Access(grants, clock);
    this.#limits = new RateLimits(limits, clock, peers);
    this.#pseudonyms = pseudonyms;
  }

  /** Requests by what proved who sent them. */
  get proofs(): ReadonlyMap<string, number> {
    return this.#access.proofs;
  }

  /** Requests refused because they came too fast, by whose bucket was empty. */
  get limited(): Readonly<Record<BucketKind, number>> {
    return this.#limits.refused;
  }

  /** Counts what other workers let in. */
  addOthers(spent: readonly Spent[]): void {
    this.#limits.addOthers(spent);
  }

  /** From now on these rules, for what comes in next. */
  replace({ grants, limits, pseudonyms }: EntranceRules): void {
    this.#access.replace(grants);
    this.#limits.replace(limits);
    this.#pseudonyms = pseudonyms;
  }

  /**
   * Decides by what is known before a body is read.
   * @throws Refusal `unauthorized` or `too_many_requests`.
   */
  receive(credentials: Credentials): Sender {
    const sender = this.#access.identify(credentials);
    this.#limits.check(keyOf(sender), sender.kind === "device" ? sender.device : undefined);
    return sender;
  }

  /** Decides by the header of a batch of `bytes`, inflated. It throws a Refusal `forbidden`, `unauthorized` or `too_many_requests`. */
  intakeFor(sender: Sender, bytes: number): MeteredIntake {
    const pseudonyms = this.#pseudonyms;
    let from: string | undefined;
    return {
      admit: ({ device }) => {
        this.#access.requireDevice(sender, device);
        this.#limits.take(keyOf(sender), device, bytes);
        from = device;
        return pseudonyms ? pseudonyms.of(device) : device;
      },
      conceal: pseudonyms?.conceal,
      decoded: (streamBytes) => {
        if (from !== undefined) this.#limits.add(keyOf(sender), from, streamBytes - bytes);
      },
    };
  }
}

const keyOf = (sender: Sender): string | undefined => (sender.kind === "key" ? sender.key : undefined);
