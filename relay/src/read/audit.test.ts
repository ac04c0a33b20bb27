import { ManualClock } from "@tonearm/sdk/testing";
import { describe, expect, it } from "vitest";
import { Container } from "../aggregate/container.ts";
import { hashKeyOf } from "../aggregate/hash-key.ts";
import { Delivery } from "../put/delivery.ts";
import { batchOf } from "../testing/batches.ts";
import { ScriptedStream } from "../testing/scripted-stream.ts";
import { audit } from "./audit.ts";

/** An aggregate as the relay makes it. */
function aggregateOf(device: string, firstSeq: number, count: number): Uint8Array {
  const container = new Container("shard-0", "live", 0, 10_000);
  container.add(new Delivery(batchOf(device, firstSeq, count)));
  return container.close().data;
}

/** A clock on which every wait is over at once. */
function hurried(): ManualClock {
  const clock = new ManualClock();
  clock.after = (_, callback) => {
    setImmediate(callback);
    return () => undefined;
  };
  return clock;
}

describe("an audit", () => {
  it("counts what consumers do not get, and what is missing without it", async () => {
    const good = aggregateOf("d1", 1, 4);
    const astray = aggregateOf("d1", 5, 3);
    const at = hashKeyOf("d1");
    const { client } = new ScriptedStream([
      { shardId: "shard-0", records: [good, aggregateOf("d1", 8, 2)], range: [at, at] },
      { shardId: "shard-1", records: [astray], range: [at + 1n, 2n ** 128n - 1n] },
    ]);
    const { totals } = await audit(client, "s", hurried());
    expect(totals).toMatchObject({
      kinesisRecords: 3,
      userRecords: 6,
      events: 6,
      withheld: 3,
      missing: 3,
      foreign: 0,
      epochs: { INCOMPLETE: 1 },
    });
  });

  it("counts records that are not ours, and leaves them be", async () => {
    const records = ["hello", '{"device":"d1"}', "[1]", ""].map((text) => Buffer.from(text));
    const { client } = new ScriptedStream([{ shardId: "shard-0", records }]);
    const { totals, ledger } = await audit(client, "s", hurried());
    expect(totals).toMatchObject({ userRecords: 4, foreign: 4, events: 0, missing: 0, withheld: 0 });
    expect([...ledger.reports()]).toEqual([]);
  });

  it("gives a consumer every record once, its line as it stands in the stream", async () => {
    const { client } = new ScriptedStream([
      { shardId: "shard-0", records: [aggregateOf("d1", 1, 3), aggregateOf("d1", 2, 3)] },
    ]);
    const seqs: number[] = [];
    const lines: string[] = [];
    const onRecord = ({ seq }: { readonly seq: number }, line: Uint8Array) => {
      seqs.push(seq);
      lines.push(Buffer.from(line).toString());
    };
    const { totals } = await audit(client, "s", hurried(), { onRecord });
    expect(seqs).toEqual([1, 2, 3, 4]);
    expect(lines.every((line) => line.endsWith("}\n"))).toBe(true);
    expect(totals).toMatchObject({ events: 4, duplicates: 2 });
  });
});
