/**
 * Bugs planted between the code under test and its ports, as if it had them. A simulation that does not find them would not
 * find such a bug of ours either.
 */
import type { LoadShape, PutEntry, PutRecords, PutResult } from "@tonearm/relay/testing";
import type { Disk } from "@tonearm/sdk/file-log";
import type { Clock, Store, Transport } from "@tonearm/sdk/ports";
import { meddledStore } from "@tonearm/sdk/testing";

/** What stands between SDK and relay and their ports; without a bug, nothing does. */
export interface Plant {
  put(put: PutRecords): PutRecords;
  loadShape(loadShape: LoadShape): LoadShape;
  spoolDisk(disk: Disk): Disk;
  deviceDisk(disk: Disk): Disk;
  store(store: Store): Store;
  transport(transport: Transport): Transport;
  clock(clock: Clock): Clock;
}

const goodResult = ({ shardId = "" }: PutEntry): PutResult => ({ ok: true, shardId });

const same = <T>(port: T): T => port;

export const NO_PLANT: Plant = {
  put: same,
  loadShape: same,
  spoolDisk: same,
  deviceDisk: same,
  store: same,
  transport: same,
  clock: same,
};

/** Every planted bug, named after what it does wrong. */
export const PLANTS: Readonly<Record<string, Partial<Plant>>> = {
  "the relay answers before Kinesis has": {
    put: (put) => async (entries) => {
      void put(entries);
      return { kind: "answered", results: entries.map(goodResult) };
    },
  },
  "the relay takes a call with failed records for a good one": {
    put: (put) => async (entries) => {
      const answer = await put(entries);
      return answer.kind === "answered" ? { ...answer, results: entries.map(goodResult) } : answer;
    },
  },
  "the relay aggregates whatever the stream's mode is": {
    loadShape: (loadShape) => async () => ({ ...(await loadShape()), aggregationOff: undefined }),
  },
  "the spool does not sync its files": { spoolDisk: withoutFileSync },
  "the spool does not sync its directory": { spoolDisk: withoutDirectorySync },
  "the device does not sync its files": { deviceDisk: withoutFileSync },
  "the device does not sync its directory": { deviceDisk: withoutDirectorySync },
  "the device gives every epoch the same id": {
    clock: (clock) => ({
      ...clock,
      randomBytes: (count) => (count === 10 ? new Uint8Array(count) : clock.randomBytes(count)),
    }),
  },
  "the store deletes what it shows": {
    store: (store) =>
      meddledStore(store, {
        read: async (limit) => {
          const run = await store.read(limit);
          if (run) await store.acknowledge(run.epoch, run.firstSeq + run.events.length - 1);
          return run;
        },
      }),
  },
  "the store forgets more than was acknowledged": {
    store: (store) =>
      meddledStore(store, { acknowledge: (epoch, throughSeq) => store.acknowledge(epoch, throughSeq + 1) }),
  },
  "the store evicts without a declaration": {
    store: (store) =>
      meddledStore(store, {
        planEviction: async (bytes, events) => {
          await (await store.planEviction(bytes, events))?.apply();
          return undefined;
        },
      }),
  },
  "a purge leaves everything where it is": {
    store: (store) =>
      meddledStore(store, {
        planPurge: async () => ({ ...(await store.planPurge()), apply: async () => true }),
      }),
  },
  "a request that was sent counts as accepted": {
    transport: (transport) => ({
      ...transport,
      send: async (run, signal, sending) => {
        const answer = await transport.send(run, signal, sending);
        if (answer.kind !== "retry") return answer;
        const throughSeq = run.firstSeq + run.events.length - 1;
        return { kind: "accepted", throughSeq, durable: "stream", serverTimeMs: undefined, bodyBytes: 1 };
      },
    }),
  },
};

function withoutFileSync(disk: Disk): Disk {
  return {
    ...disk,
    create: async (name) => ({ ...(await disk.create(name)), sync: async () => undefined }),
  };
}

function withoutDirectorySync(disk: Disk): Disk {
  return { ...disk, syncDirectory: async () => undefined };
}
