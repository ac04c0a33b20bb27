import { promisifyRequest, type UseStore } from "idb-keyval";
import type { Clock } from "../clock.ts";

const STORE = "frames";

/** An opening or a transaction that takes longer has failed, in ms: browsers sometimes never answer. */
const PATIENCE_MS = 5_000;

/**
 * A connection to IndexedDB that comes back. Browsers kill connections (storage cleared, a crash of their storage
 * process, an upgrade elsewhere) and leave a handle that fails for ever: after any error but a full disk the next
 * attempt is made on a new one.
 */
export class Database {
  readonly #name: string;
  readonly #clock: Clock;
  #connection: Promise<IDBDatabase> | undefined;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  /**
   * What `idb-keyval` runs its transactions in. They are tried again once, so they must be repeatable.
   * @param durability `strict`: complete means on the medium. Browsers open relaxed transactions unless told.
   */
  use(durability: IDBTransactionDurability): UseStore {
    return async (mode, callback) => {
      const attempt = async () => {
        const db = await this.#open();
        return callback(db.transaction(STORE, mode, { durability }).objectStore(STORE));
      };
      try {
        return await this.#inTime(attempt());
      } catch (error) {
        this.close();
        if ((error as Error | null)?.name === "QuotaExceededError") throw error;
        return this.#inTime(attempt());
      }
    };
  }

  /** Ends the connection when its transactions are done; the next use opens another. */
  close(): void {
    this.#connection?.then(
      (db) => db.close(),
      () => undefined,
    );
    this.#connection = undefined;
  }

  #open(): Promise<IDBDatabase> {
    if (this.#connection) return this.#connection;
    const request = indexedDB.open(this.#name);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const connection = promisifyRequest(request).then((db) => {
      const forget = () => {
        db.close();
        if (this.#connection === connection) this.#connection = undefined;
      };
      db.addEventListener("close", forget);
      // Somebody deletes the database, or upgrades it; holding on would hold them up.
      db.addEventListener("versionchange", forget);
      return db;
    });
    this.#connection = connection;
    return connection;
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(
        PATIENCE_MS,
        () => reject(new Error(`IndexedDB did not answer within ${PATIENCE_MS} ms`)),
        true,
      );
      work.then(resolve, reject).finally(cancel);
    });
  }
}
