/** Bugs, planted between a store or a disk and whoever uses it: what a model test must find. */
import type { Disk } from "../file-log/disk.ts";
import type { Store } from "../store.ts";

/** A store with some of its methods replaced. */
export function meddledStore(store: Store, changes: Partial<Store>): Store {
  return {
    durable: store.durable,
    open: (device, epoch) => store.open(device, epoch),
    append: (entries) => store.append(entries),
    read: (limit) => store.read(limit),
    acknowledge: (epoch, throughSeq) => store.acknowledge(epoch, throughSeq),
    planEviction: (bytes, events) => store.planEviction(bytes, events),
    planPurge: () => store.planPurge(),
    backlog: () => store.backlog(),
    close: () => store.close(),
    ...changes,
  };
}

/** A disk on which something comes first before every call; what it returns is waited for. */
export function beforeEachCall(disk: Disk, first: (call: string) => Promise<void> | undefined): Disk {
  return {
    list: () => after("list", () => disk.list()),
    size: (name) => after("size", () => disk.size(name)),
    read: (name, offset, length) => after("read", () => disk.read(name, offset, length)),
    create: async (name) => {
      const file = await after("create", () => disk.create(name));
      return {
        write: (bytes) => after("write", () => file.write(bytes)),
        sync: () => after("sync", () => file.sync()),
        close: () => after("close", () => file.close()),
      };
    },
    syncFile: (name) => after("syncFile", () => disk.syncFile(name)),
    unlink: (name) => after("unlink", () => disk.unlink(name)),
    quarantine: (name) => after("quarantine", () => disk.quarantine(name)),
    emptyQuarantine: () => after("emptyQuarantine", () => disk.emptyQuarantine()),
    syncDirectory: () => after("syncDirectory", () => disk.syncDirectory()),
    freeBytes: () => after("freeBytes", () => disk.freeBytes()),
  };

  async function after<T>(call: string, work: () => Promise<T>): Promise<T> {
    await first(call);
    return work();
  }
}

/** A disk that does nothing at some of its calls, and says that it has: `sync` of files, `syncDirectory`. */
export function lyingDisk(disk: Disk, ...calls: readonly ("sync" | "syncDirectory")[]): Disk {
  const idle = async () => undefined;
  return {
    ...beforeEachCall(disk, () => undefined),
    ...(calls.includes("syncDirectory") ? { syncDirectory: idle } : {}),
    create: async (name) => {
      const file = await disk.create(name);
      return calls.includes("sync")
        ? { write: (bytes) => file.write(bytes), sync: idle, close: () => file.close() }
        : file;
    },
  };
}
