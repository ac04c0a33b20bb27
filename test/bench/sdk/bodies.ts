/** What each contender's requests hold. A play is named by `started_at`, which no other play has. */
import { decodeBatch } from "./epochs.ts";

interface Named {
  readonly started_at?: string;
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

/** By the request's path: the names of the plays in an inflated body. */
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
  "/batch/": propertiesOf,
  "/com.snowplowanalytics.snowplow/tp2": (body) =>
    (json(body) as { data: { ue_px: string }[] }).data.map(({ ue_px }) => {
      const outer = json(Buffer.from(ue_px, "base64url")) as { data: { data: Named } };
      return outer.data.data.started_at;
    }),
};

/** @throws Error when a contender sends to a path that is not known, or anything but plays. */
export function playsOf(path: string, body: Buffer): string[] {
  const reader = readers[path.split("?", 1)[0]!];
  if (!reader) throw new Error(`a request to ${path} came, and nobody knows how to read it`);
  return reader(body).map((name) => {
    if (name === undefined) throw new Error(`a request to ${path} holds an event that is no play`);
    return name;
  });
}

/** Segment's and PostHog's batches. */
function propertiesOf(body: Buffer): (string | undefined)[] {
  return (json(body) as { batch: { properties: Named }[] }).batch.map(
    ({ properties }) => properties.started_at,
  );
}

const json = (body: Buffer): unknown => JSON.parse(body.toString());
