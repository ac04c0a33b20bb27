import type { Telemetry } from "@tonearm/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory, hurriedTelemetry, until } from "../support/devices.ts";
import { type KinesisFault, KinesisProxy } from "../support/kinesis-proxy.ts";
import { freshStream, type KinesisServer, SERVERS, startServer } from "../support/kinesis-servers.ts";
import { startTestRelay } from "../support/relays.ts";
import { verdictsOf } from "../support/verdicts.ts";

const FAULT_MS = 700;
const DEVICES = 6;

/** A circuit that opens and closes within a test's patience. */
const NERVOUS = {
  failuresToOpen: 3,
  openMs: 200,
  openMsMax: 400,
  deliveryDeadlineMs: 3_000,
  putTimeoutMs: 500,
  refreshPauseMs: 200,
};

/** What each fault does to a relay: whether its circuit opens, and whether it can make duplicates. */
const FAULTS: readonly [KinesisFault, { readonly opens: boolean; readonly doubles: boolean }][] = [
  [
    { kind: "throttling", share: 0.7 },
    { opens: false, doubles: false },
  ],
  [
    { kind: "partial failure", share: 0.7 },
    { opens: false, doubles: false },
  ],
  [{ kind: "500s" }, { opens: true, doubles: true }],
  [{ kind: "resets" }, { opens: true, doubles: true }],
  [{ kind: "black hole" }, { opens: true, doubles: true }],
  [
    { kind: "latency", ms: 10_000 },
    { opens: true, doubles: true },
  ],
  [
    { kind: "slow drip", everyMs: 20 },
    { opens: true, doubles: true },
  ],
  [{ kind: "wrong shard" }, { opens: false, doubles: false }],
  [{ kind: "expired credentials" }, { opens: true, doubles: false }],
];

/** Kinesis itself speaks CBOR with a relay; the proxy does so for a server that does not. */
const PATHS = [
  ...SERVERS.map((name) => ({ name, protocol: "JSON" })),
  { name: "kinesalite" as const, protocol: "CBOR" },
];

describe.each(PATHS)(
  "a relay with a spool, on $name behind a fault proxy in $protocol",
  ({ name, protocol }) => {
    const isCbor = protocol === "CBOR";
    let server: KinesisServer;
    let proxy: KinesisProxy;
    beforeAll(async () => {
      server = await startServer(name);
      proxy = await KinesisProxy.start(server.endpoint, { takesCbor: isCbor });
    });
    afterAll(async () => {
      await proxy?.close();
      await server?.stop();
      await cleanUp();
    });

    // What happens to connections and calls as a whole happens in front of the server; one of the two is enough for it. What an
    // answer says is said in both protocols.
    const isSaid = ({ kind }: KinesisFault) =>
      kind !== "resets" && kind !== "black hole" && kind !== "latency";
    const faults = isCbor
      ? FAULTS.filter(([fault]) => isSaid(fault))
      : FAULTS.slice(0, name === "kinesalite" ? undefined : 3);

    it.each(faults.map(([fault, effect]) => ({ fault, effect, kind: fault.kind })))(
      "$kind: costs no event, and nobody is refused",
      async ({ fault, effect }) => {
        const stream = await freshStream(server, 2);
        const spool = await freshDirectory();
        const relay = await startTestRelay(proxy, stream, { ...NERVOUS, spool });
        const devices = await Promise.all(
          Array.from({ length: DEVICES }, async (_, i) =>
            hurriedTelemetry({ endpoint: relay.url, device: `d${i}`, directory: await freshDirectory() }),
          ),
        );
        const load = new Load(devices);
        await until("traffic", () => relay.pipeline.book.delivered > 50);
        proxy.calls.clear();
        proxy.fault = fault;
        const states = new Set<string>();
        const end = performance.now() + FAULT_MS;
        await until("the fault is over", () => {
          states.add(relay.pipeline.breaker.kind);
          const due = performance.now() > end;
          return due && (!effect.opens || relay.pipeline.book.spooled > 0);
        });
        const asked = proxy.calls.get("ListShards") ?? 0;
        proxy.fault = { kind: "none" };
        const recorded = await load.stop();
        const closed = await Promise.all(devices.map((device) => device.close({ timeoutMs: 60_000 })));
        expect(closed.every(({ delivered }) => delivered)).toBe(true);
        await until("the spool is empty", () => relay.pipeline.book.spooled === 0);
        expect(states.has("open")).toBe(effect.opens);
        // Neither the map nor the circuit storms: a few calls in a second, however wrong everything is.
        expect(asked).toBeLessThan(10);
        expect(relay.pipeline.book).toMatchObject({ imbalance: 0, spooled: 0, deadLetters: 0, rejected: {} });
        await relay.stop();
        expect(proxy.cborPuts > 0).toBe(isCbor);
        const { epochs, events, duplicates, missing } = await verdictsOf(server.client, stream);
        expect([missing, events.length]).toEqual([0, recorded]);
        if (!effect.doubles) expect(duplicates).toBe(0);
        expect([...epochs.values()].map(({ verdict }) => verdict)).toEqual(Array(DEVICES).fill("COMPLETE"));
      },
    );
  },
);

/** Devices that record all the time. */
class Load {
  #recording = true;
  #recorded = 0;
  readonly #loop: Promise<void>;

  constructor(devices: readonly Telemetry[]) {
    this.#loop = (async () => {
      while (this.#recording) {
        for (const device of devices) device.record("tick", { n: this.#recorded++, text: "x".repeat(200) });
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
  }

  /** Resolves to how many events there were. */
  async stop(): Promise<number> {
    this.#recording = false;
    await this.#loop;
    return this.#recorded;
  }
}
