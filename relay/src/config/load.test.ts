import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadConfig, loadOptions } from "./load.ts";
import { printed } from "./print.ts";
import { targetShape } from "./schema.ts";

const CANARY = "canary-51b0c7e2";
const PATH = "/etc/tonearm/relay.json";

/** Loads from a command line, variables and files that are not there but here. */
function loadFrom(
  args: string,
  environment: Record<string, string> = {},
  files: Record<string, unknown> = {},
  openToAll: readonly string[] = [],
) {
  const readFile = (path: string): string => {
    if (!Object.hasOwn(files, path)) throw Object.assign(new Error("not there"), { code: "ENOENT" });
    const content = files[path];
    return typeof content === "string" ? content : JSON.stringify(content);
  };
  const isOpenToAll = (path: string) => openToAll.includes(path);
  return loadConfig(args.split(" ").filter(Boolean), { environment, readFile, isOpenToAll });
}

function faultsOf(...places: Parameters<typeof loadFrom>): string {
  try {
    loadFrom(...places);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

describe("an option", () => {
  it("is taken from a flag before the environment, from that before the file, and has a default", () => {
    const file = { port: 1, putsMax: 2, collectMs: 3, insecure: true };
    const environment = { TONEARM_CONFIG: PATH, TONEARM_PORT: "10", TONEARM_PUTS_MAX: "20" };
    const { config, sourceOf } = loadFrom("--port 100", environment, { [PATH]: file });
    expect(config).toMatchObject({ port: 100, putsMax: 20, collectMs: 3, insecure: true, host: "127.0.0.1" });
    const sources = ["port", "putsMax", "collectMs", "host"].map(sourceOf);
    expect(sources).toEqual(["--port", "TONEARM_PUTS_MAX", PATH, "default"]);
  });

  it("is taken from the file that --config names, whatever TONEARM_CONFIG says", () => {
    const files = { "/a.json": { insecure: true, port: 1 }, "/b.json": { insecure: true, port: 2 } };
    expect(loadFrom("--config /a.json", { TONEARM_CONFIG: "/b.json" }, files).config.port).toBe(1);
  });

  it.each([
    ["true", true],
    ["1", true],
    ["FALSE", false],
    ["0", false],
  ])("is on or off in the environment as %s", (text, insecure) => {
    const environment = { TONEARM_INSECURE: text, TONEARM_WRITE_KEYS: "12345678" };
    expect(loadFrom("", environment).config.insecure).toBe(insecure);
  });

  it("is neither on nor off in the environment as anything else", () => {
    expect(faultsOf("", { TONEARM_INSECURE: "maybe" })).toBe(
      'option insecure from TONEARM_INSECURE is "maybe", expected true or false',
    );
  });

  it("is a list in the environment with commas between, and in the file an array", () => {
    const origins = ["https://a.example", "https://b.example"];
    const environment = { TONEARM_CORS_ORIGINS: "https://a.example, https://b.example," };
    expect(loadFrom("--insecure", environment).config.corsOrigins).toEqual(origins);
    const file = { insecure: true, corsOrigins: origins };
    expect(loadFrom(`--config ${PATH}`, {}, { [PATH]: file }).config.corsOrigins).toEqual(origins);
  });

  it("is not set by an empty variable", () => {
    expect(loadFrom("--insecure", { TONEARM_PORT: "" }).config.port).toBe(8_470);
  });
});

describe("what is wrong", () => {
  it("is said of all places at once, with the name that was probably meant", () => {
    const environment = { TONEARM_PROT: "1", TONEARM_CONFIG: PATH, HOME: "/root" };
    expect(faultsOf("--insecure", environment, { [PATH]: { agregateAgeMs: 5 } }).split("\n")).toEqual([
      "unknown variable TONEARM_PROT, did you mean TONEARM_PORT?",
      `unknown option "agregateAgeMs" in ${PATH}, did you mean aggregateAgeMs?`,
    ]);
    expect(faultsOf("--agregate-age-ms 5")).toBe(
      "unknown option --agregate-age-ms, did you mean --aggregate-age-ms?",
    );
    expect(faultsOf("--kafka 5")).toBe("unknown option --kafka; --help lists them");
  });

  it("is said with the place of the value", () => {
    const environment = { TONEARM_PORT: "tcp://10.0.0.1:8470", TONEARM_CONFIG: PATH };
    expect(
      faultsOf("--insecure --puts-max 0", environment, { [PATH]: { collectMs: "soon" } }).split("\n"),
    ).toEqual([
      `option port from TONEARM_PORT is "tcp://10.0.0.1:8470", expected a whole number from 0 to 65535`,
      `option collectMs from ${PATH} is "soon", expected a whole number from 0 to 1000`,
      'option putsMax is "0", expected a whole number from 1 to 256',
    ]);
  });

  it.each([
    ["cannot be read: ENOENT", {}],
    ["is not JSON", { [PATH]: `{"writeKeys": ["${CANARY}", ]}` }],
    ["is not JSON", { [PATH]: CANARY }],
    ["is not a JSON object", { [PATH]: `["${CANARY}"]` }],
  ])("with a file is told without what is in it: it %s", (fault, files) => {
    const told = faultsOf(`--config ${PATH}`, {}, files);
    expect(told).toContain(`configuration file ${PATH} ${fault}`);
    expect(told).not.toContain("canary");
  });

  it("are variables of ours that nobody knows, and not those of other programs of the project", () => {
    const environment = { TONEARM_ENDS_WITH_PARENT: "1", TONEARM_KEY: "x", TONEARM_DEVICE: "y" };
    expect(faultsOf("--insecure", environment)).toBe("none");
  });
});

describe("a secret", () => {
  it("stands in a variable, in a file that a variable names, or in the configuration file", () => {
    const files = { "/run/keys": `${CANARY}-1\n${CANARY}-2\n`, [PATH]: { writeKeys: [`${CANARY}-3`] } };
    const keysFrom = (environment: Record<string, string>) =>
      loadFrom("", environment, files).config.writeKeys;
    expect(keysFrom({ TONEARM_WRITE_KEYS: `${CANARY}-1,${CANARY}-2` })).toEqual([
      `${CANARY}-1`,
      `${CANARY}-2`,
    ]);
    expect(keysFrom({ TONEARM_WRITE_KEYS_FILE: "/run/keys" })).toEqual([`${CANARY}-1`, `${CANARY}-2`]);
    expect(keysFrom({ TONEARM_CONFIG: PATH })).toEqual([`${CANARY}-3`]);
  });

  it("is not set twice", () => {
    const environment = { TONEARM_WRITE_KEYS: CANARY, TONEARM_WRITE_KEYS_FILE: "/run/keys" };
    expect(faultsOf("", environment, { "/run/keys": CANARY })).toBe(
      "TONEARM_WRITE_KEYS and TONEARM_WRITE_KEYS_FILE are both set, expected one of them",
    );
    expect(faultsOf("", { TONEARM_WRITE_KEYS_FILE: "/run/keys" })).toBe(
      "the file that TONEARM_WRITE_KEYS_FILE names cannot be read: ENOENT",
    );
  });

  it.each(["--write-keys", "--write-key"])("is never a flag, and %s says what to do instead", (flag) => {
    const told = faultsOf(`${flag}=${CANARY}`);
    expect(told).toContain("everybody can read a command line: set TONEARM_WRITE_KEYS");
    expect(told).not.toContain("canary");
  });

  it("stands in no message about it, and not in the configuration that is printed", () => {
    const told = faultsOf("", { TONEARM_WRITE_KEYS: `${CANARY} with a space` });
    expect(told).toBe(
      "option writeKeys.0 from TONEARM_WRITE_KEYS is not usable, expected 8 to 512 visible ASCII characters",
    );
    const page = printed(
      loadFrom("--endpoint https://me:canary@kinesis.test", { TONEARM_WRITE_KEYS: CANARY }),
    );
    expect(page).toMatch(/^writeKeys +\(secret, 1\) +TONEARM_WRITE_KEYS +SIGHUP$/m);
    expect(page).toMatch(/^endpoint +"https:\/\/…@kinesis.test" +--endpoint +restart$/m);
    expect(page).not.toContain("canary");
  });
});

describe("another command", () => {
  const load = (args: string, environment: Record<string, string>) =>
    loadOptions(
      args.split(" ").filter(Boolean),
      { ...targetShape, json: z.boolean().default(false) },
      {
        environment,
        readFile: () => JSON.stringify({ region: "eu-central-1", port: 99 }),
        isOpenToAll: () => false,
      },
    );

  it("finds the stream where the relay finds it, and leaves the relay's other options alone", () => {
    const environment = { TONEARM_STREAM: "plays", TONEARM_PORT: "99", TONEARM_CONFIG: PATH };
    expect(load("--json", environment)).toMatchObject({
      stream: "plays",
      region: "eu-central-1",
      json: true,
    });
    expect(load("--stream other", environment).stream).toBe("other");
  });

  it("knows unknown names as the relay does", () => {
    expect(() => load("", { TONEARM_STRAEM: "plays" })).toThrow("did you mean TONEARM_STREAM?");
    expect(() => load("--jsn", {})).toThrow("did you mean --json?");
  });
});

describe("a file", () => {
  it("that says an option twice is not taken, whichever of the two was meant", () => {
    const text = '{ "insecure": true, "port": 1, "port": 2 }';
    expect(faultsOf("", { TONEARM_CONFIG: PATH }, { [PATH]: text })).toBe(
      `option "port" stands more than once in ${PATH}, expected once`,
    );
  });

  it("with secrets that everybody may read is warned of, also in what --check prints; others are not", () => {
    const files = {
      "/keys": "12345678",
      [PATH]: { port: 1, tlsKeyFile: "/key.pem", tlsCertFile: "/cert.pem" },
    };
    const environment = { TONEARM_CONFIG: PATH, TONEARM_WRITE_KEYS_FILE: "/keys" };
    const warningOf = (file: string) =>
      `everybody on this machine may read ${file}, which holds secrets; expected mode 0600 or 0640`;
    const loaded = loadFrom("", environment, files, ["/keys", PATH, "/key.pem", "/cert.pem"]);
    expect(loaded.warnings).toEqual([warningOf("/keys"), warningOf("/key.pem")]);
    expect(printed(loaded)).toContain(`\nwarning: ${warningOf("/keys")}`);
    const within = loadFrom("", { TONEARM_CONFIG: PATH }, { [PATH]: { writeKeys: ["12345678"] } }, [PATH]);
    expect(within.warnings).toEqual([warningOf(PATH)]);
    expect(loadFrom("", environment, files).warnings).toEqual([]);
  });
});
