import { type Recent, recent } from "../memory/recent.ts";
import type { Accepted } from "../resends.ts";

/** One worker, as the directory sees it. */
export interface Owner {
  /** Resolves once the worker has given the epoch up, to what it knew of it; to undefined when it is gone. */
  release(epochKey: string): Promise<Accepted | undefined>;
}

/**
 * Which worker serves which epoch. A device stays on its connection, so an epoch moves only when it connects again and the
 * new connection is another worker's. Then the old worker finishes what it has of the epoch and hands over what it knows:
 * a batch that comes again is recognised wherever it comes, and no two workers ever write numbers of one epoch at once.
 */
export class Directory {
  readonly #owners: Recent<Owner>;
  /** Epochs on the move; who claims one of them next waits. */
  readonly #moving = new Map<string, Promise<unknown>>();

  /** @param epochsMax epochs remembered; one that is forgotten has no owner, and resends of it may become duplicates. */
  constructor(epochsMax: number) {
    this.#owners = recent(epochsMax);
  }

  /** Makes `owner` the epoch's owner; resolves to what the one before knew of it. */
  claim(epochKey: string, owner: Owner): Promise<Accepted | undefined> {
    const before = this.#moving.get(epochKey) ?? Promise.resolve();
    const move = before.then(() => this.#move(epochKey, owner));
    this.#moving.set(epochKey, move);
    const settle = () => {
      if (this.#moving.get(epochKey) === move) this.#moving.delete(epochKey);
    };
    move.then(settle, settle);
    return move;
  }

  async #move(epochKey: string, owner: Owner): Promise<Accepted | undefined> {
    const last = this.#owners.get(epochKey);
    this.#owners.set(epochKey, owner);
    return last === undefined || last === owner ? undefined : last.release(epochKey);
  }
}
