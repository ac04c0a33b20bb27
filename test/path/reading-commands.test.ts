import { createHash } from "node:crypto";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { run } from "../support/processes.ts";

const line = (seq: number, type = "tick", data: object = {}) =>
  `${JSON.stringify({ device: "d1", epoch: "e1", seq, type, ...data })}\n`;
const CLOSE = line(3, "$close", { last_seq: 3 });

/** An aggregate of one record under partition key "b", whose hash key lies in the upper half. */
function aggregateOf(text: string): Buffer {
  const data = Buffer.from(text);
  const record = Buffer.concat([Buffer.of(0x08, 0x00, 0x1a, data.length), data]);
  const message = Buffer.concat([Buffer.from("\x0a\x01b"), Buffer.of(0x1a, record.length), record]);
  const digest = createHash("md5").update(message).digest();
  return Buffer.concat([Buffer.from("f3899ac2", "hex"), message, digest]);
}

describe("a stream read on the command line", () => {
  let server: KinesisServer;
  beforeAll(async () => {
    server = await startServer("kinesalite");
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** Reads a stream that holds `records`, all of them in the shard of the lower half. */
  async function read(command: readonly string[], records: readonly (string | Buffer)[]) {
    const StreamName = await freshStream(server, 2);
    for (const record of records) {
      const put = { StreamName, PartitionKey: "k", ExplicitHashKey: "0", Data: Buffer.from(record) };
      await server.client.send(new PutRecordCommand(put));
    }
    const where = ["--stream", StreamName, "--endpoint", server.endpoint, "--region", "us-east-1"];
    return run("relay", [...command, ...where]);
  }

  it("is audited with 0 when all of it is there, or nothing is known to be missing", async () => {
    const whole = await read(["audit"], [line(1), line(2), CLOSE]);
    expect([whole.code, whole.stdout]).toEqual([
      0,
      expect.stringContaining("1 epochs complete, 0 incomplete"),
    ]);
    const unproven = await read(["audit", "--json"], [line(1), line(2)]);
    expect(unproven.code).toBe(0);
    expect(JSON.parse(unproven.stdout)).toMatchObject({ totals: { epochs_unproven: 1, missing: 0 } });
  });

  it("is audited with 1 when something is missing, and says what", async () => {
    const holed = await read(["audit"], [line(1), CLOSE]);
    expect([holed.code, holed.stdout]).toEqual([
      1,
      expect.stringContaining("INCOMPLETE d1 e1 missing 2 of 3"),
    ]);
  });

  it("is audited with 1 when consumers would not get something that is there", async () => {
    const { code, stdout } = await read(["audit", "--json"], [aggregateOf("x"), line(1), line(2), CLOSE]);
    expect(JSON.parse(stdout)).toMatchObject({ totals: { missing: 0, withheld: 1, epochs_complete: 1 } });
    expect(code).toBe(1);
  });

  it("is shown line by line, without anything that a terminal would obey", async () => {
    const foreign = "\x1b[2J\x1b]0;owned\x07two\nlines";
    const { code, stdout } = await read(["tail", "--from-start"], [line(1), foreign, line(2)]);
    const shown = "\\u001b[2J\\u001b]0;owned\\u0007two\\u000alines\n";
    expect([code, stdout]).toEqual([0, `${line(1)}${shown}${line(2)}`]);
  });
});
