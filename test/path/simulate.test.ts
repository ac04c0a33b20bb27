import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cleanUp, freshDirectory } from "../support/devices.ts";
import { freshStream, type KinesisServer, startServer } from "../support/kinesis-servers.ts";
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from "../support/loopback-certificate.ts";
import { run } from "../support/processes.ts";
import { startTestRelay, type TestRelay } from "../support/relays.ts";

const KEY = "a-write-key-for-tests";
const FEW = ["--devices", "2", "--events", "20", "--seconds", "1", "--no-faults"];

/** Whether this machine has IPv6 on its loopback. */
const HAS_IPV6 = await new Promise<boolean>((resolve) => {
  const probe = createTcpServer();
  probe.once("error", () => resolve(false));
  probe.listen(0, "::1", () => probe.close(() => resolve(true)));
});

describe("simulate", () => {
  let server: KinesisServer;
  let relay: TestRelay;
  let directory: string;
  beforeAll(async () => {
    server = await startServer("kinesalite");
    directory = await freshDirectory();
    relay = await startTestRelay(server, await freshStream(server, 1), { insecure: false, writeKeys: [KEY] });
  });
  afterAll(async () => {
    await relay?.stop();
    await server?.stop();
    await cleanUp();
  });

  async function simulate(url: string, more: readonly string[] = [], env: Record<string, string> = {}) {
    const truth = join(directory, "truth.ndjson");
    const finished = await run(
      "simulator",
      ["simulate", "--relay", url, "--truth", truth, ...FEW, ...more],
      env,
    );
    const last = finished.stdout.trimEnd().split("\n").at(-1)!;
    return { ...finished, report: JSON.parse(last) as Record<string, unknown> };
  }

  it("says why nothing was acknowledged when the key is wrong, and counts events without control records", async () => {
    const { code, stderr, report } = await simulate(relay.url, ["--key", "a-wrong-key", "--deadline", "2"]);
    expect(stderr).toContain(
      "relay_refused, told 2 times, first: the relay answered 401 unauthorized: the write key is not one of this relay's",
    );
    expect(stderr).toContain("20 events, and 4 control records of the SDK, were not acknowledged within 2 s");
    expect(stderr).not.toContain("a-wrong-key");
    expect(report).toMatchObject({ recorded: 20, unacknowledged: 20 });
    expect(code).toBe(1);
  });

  it("says why nothing was acknowledged when nobody listens there", async () => {
    const { code, stderr } = await simulate("http://127.0.0.1:1", ["--deadline", "2"]);
    expect(stderr).toMatch(
      /connection_failed, told \d+ times, first: http:\/\/127\.0\.0\.1:1 takes no connection: connect ECONNREFUSED/,
    );
    expect(code).toBe(1);
  });

  it("delivers with the right key, and tells of no trouble", async () => {
    const { code, stderr, report } = await simulate(relay.url, ["--key", KEY]);
    expect(report).toMatchObject({ recorded: 20, unacknowledged: 0 });
    expect(stderr).not.toContain("told");
    expect(code).toBe(0);
  });

  describe("at a relay behind https and a path", () => {
    let edge: Server;
    const hosts = new Set<string | undefined>();
    const ca = () => join(directory, "ca.pem");

    beforeAll(async () => {
      await writeFile(ca(), LOOPBACK_CERTIFICATE);
      edge = createServer({ key: LOOPBACK_KEY, cert: LOOPBACK_CERTIFICATE }, (from, to) => {
        hosts.add(from.headers.host);
        const path = /^\/edge(\/.*)$/.exec(from.url ?? "")?.[1] ?? "/elsewhere";
        const onward = request(
          new URL(path, relay.url),
          { method: from.method, headers: from.headers },
          (answer) => {
            to.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(to);
          },
        );
        from.pipe(onward);
      });
      edge.listen(0, HAS_IPV6 ? "::" : "127.0.0.1");
      await once(edge, "listening");
    });
    afterAll(() => {
      edge?.closeAllConnections();
      edge?.close();
    });
    const at = (host: string) => `${host}:${(edge.address() as AddressInfo).port}`;

    it.each(HAS_IPV6 ? ["localhost", "127.0.0.1", "[::1]"] : ["localhost", "127.0.0.1"])(
      "%s is spoken to over TLS, by its own name, with the path kept",
      async (host) => {
        const { code, report, stderr } = await simulate(
          `https://${at(host)}/edge/`,
          ["--key", KEY, "--deadline", "30"],
          {
            NODE_EXTRA_CA_CERTS: ca(),
          },
        );
        expect([code, report.unacknowledged], stderr).toEqual([0, 0]);
        expect(hosts).toContain(at(host));
      },
    );

    it("a certificate that nobody vouches for is refused, and that is said; no key is sent", async () => {
      hosts.clear();
      const { code, stderr } = await simulate(`https://${at("127.0.0.1")}/edge`, [
        "--key",
        KEY,
        "--deadline",
        "2",
      ]);
      expect(stderr).toContain(`https://${at("127.0.0.1")} takes no connection: self-signed certificate`);
      expect([code, hosts.size]).toEqual([1, 0]);
    });
  });
});
