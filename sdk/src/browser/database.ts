import { promisifyRequest } from "idb-keyval";
import { type Clock, within } from "../clock.ts";

const STORE = "frames";

/** An opening or a transaction that takes longer has failed, in ms: browsers sometimes never answer. */
const PATIENCE_MS = 5_000;

/** Runs `work` in a transaction of its own, and resolves to what it does; it may run twice, so it must be repeatable. */
type Use = <T>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => PromiseLike<T>,
  /** `strict`: complete means on the medium. Browsers open relaxed transactions unless told. */
  durability?: IDBTransactionDurability,
) => Promise<T>;

export interface Database {
  readonly use: Use;
  /** Lets the browser begin a new log. Never rejects. */
  renew(): Promise<unknown>;
  /** Ends the connection when its transactions are done; the next use opens another. */
  close(): void;
}

/**
 * A connection to IndexedDB that comes back. Browsers kill connections (storage cleared, a crash of their storage
 * process, an upgrade elsewhere) and leave a handle that fails for ever: after any error but a full disk the next
 * attempt is made on a new one.
 */
export function databaseNamed(name: string, clock: Clock): Database {
  let connection: Promise<IDBDatabase> | undefined;
  const close = () => {
    connection?.then(
      (db) => db.close(),
      () => undefined,
    );
    connection = undefined;
  };
  const connect = async () => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const db = await promisifyRequest(request);
    db.addEventListener("close", close);
    // Somebody deletes the database, or upgrades it; holding on would hold them up.
    db.addEventListener("versionchange", close);
    return db;
  };
  return {
    close,
    renew() {
      // Browsers on LevelDB write on in the log that they find, and read nothing behind zeros that a power cut left in it.
      // When a database is deleted they begin another one.
      const spare = `${name}-renewed`;
      const renewed = promisifyRequest(indexedDB.open(spare)).then((db) => {
        db.close();
        return promisifyRequest(indexedDB.deleteDatabase(spare));
      });
      return within(clock, PATIENCE_MS, renewed, "").catch(() => undefined);
    },
    async use(mode, work, durability = "relaxed") {
      const attempt = async () => {
        connection ??= connect();
        return work((await connection).transaction(STORE, mode, { durability }).objectStore(STORE));
      };
      const answer = () => within(clock, PATIENCE_MS, attempt(), "IndexedDB did not answer");
      try {
        return await answer();
      } catch (error) {
        close();
        if ((error as Error | null)?.name === "QuotaExceededError") throw error;
        return answer();
      }
    },
  };
}

/** A database that keeps nothing, for a store in memory. */
export const nowhere: Database = {
  use: () => Promise.resolve([] as never),
  renew: () => Promise.resolve(),
  close: () => undefined,
};
