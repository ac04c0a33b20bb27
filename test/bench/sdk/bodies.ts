/** What each contender's requests hold. A play is named by `started_at`, which no other play has. */
import { gunzipSync } from "node:zlib";
import { decodeBatch } from "./epochs.ts";

interface Named {
  readonly started_at?: string;
}

/** First byte of a gzipped body. */
const GZIP_MAGIC = 0x1f;

interface PagePlay {
  readonly event: string;
  readonly properties: Named;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

interface OtlpBody {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly attributes: readonly OtlpAttribute[] }[];
    }[];
  }[];
}

/** By the request's path: the names of the plays in an inflated body, and of other events that a client makes by itself. */
const readers: Record<string, (body: Buffer) => (string | undefined)[]> = {
  "/v1/batches": (body) =>
    decodeBatch(body)
      .events.filter(([type]) => type === "listened")
      .map(([, , , , data]) => ((typeof data === "string" ? JSON.parse(data) : data) as Named).started_at),
  "/v1/logs": (body) =>
    (json(body) as OtlpBody).resourceLogs
      .flatMap(({ scopeLogs }) => scopeLogs)
      .flatMap(({ logRecords }) => logRecords)
      .map(({ attributes }) => attributes.find(({ key }) => key === "started_at")?.value.stringValue),
  "/v1/batch": propertiesOf,
  // Segment and PostHog in a page.
  "/v1/t": (body) => [(json(body) as { properties: Named }).properties.started_at],
  "/e/": (body) =>
    (json(body[0] === GZIP_MAGIC ? gunzipSync(body) : body) as { batch: PagePlay[] }).batch
      .filter(({ event }) => event === "play")
      .map(({ properties }) => properties.started_at),
  "/batch/": propertiesOf,
  "/com.snowplowanalytics.snowplow/tp2": (body) =>
    // On Node it spells an event in base64, in a page as it is.
    (json(body) as { data: { ue_px?: string; ue_pr?: string }[] }).data.map(({ ue_px, ue_pr = "" }) => {
      const outer = json(ue_px === undefined ? Buffer.from(ue_pr) : Buffer.from(ue_px, "base64url"));
      return (outer as { data: { data: Named } }).data.data.started_at;
    }),
};

/** What clients in a page ask for beside: settings, switches and scripts. */
const ASIDE = /^\/(flags|array|static|v1\/(m|projects))(\/|$)/;

/** @throws Error when a contender sends to a path that is not known, or anything but plays. */
export function playsOf(path: string, body: Buffer): string[] {
  const [name = ""] = path.split("?", 1);
  if (ASIDE.test(name)) return [];
  const reader = readers[name];
  if (!reader) throw new Error(`a request to ${path} came, and nobody knows how to read it`);
  return reader(body).map((play) => {
    if (play === undefined) throw new Error(`a request to ${path} holds an event that is no play`);
    return play;
  });
}

/** Segment's and PostHog's batches. */
function propertiesOf(body: Buffer): (string | undefined)[] {
  return (json(body) as { batch: { properties: Named }[] }).batch.map(
    ({ properties }) => properties.started_at,
  );
}

const json = (body: Buffer): unknown => JSON.parse(body.toString());
