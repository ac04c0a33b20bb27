/**
 * What a stream costs at AWS's list prices for us-east-1 (provisioned; read in 2023, not re-read since). The arithmetic
 * is printed with the result.
 */
const USD_PER_MILLION_PUT_UNITS = 0.014;
const USD_PER_SHARD_HOUR = 0.015;
/** What a shard takes in: 1 MB and 1,000 records a second. */
const SHARD_BYTES_PER_SECOND = 1_000_000;
const SHARD_RECORDS_PER_SECOND = 1_000;
const BILLION = 1_000_000_000;
const SECONDS_PER_HOUR = 3_600;

/** What was measured on a stream. */
export interface StreamFigures {
  /** Events in the stream, each counted once. Control records and duplicates cost, and are no events. */
  readonly events: number;
  readonly kinesisRecords: number;
  readonly kinesisBytes: number;
  readonly putUnits: number;
}

export interface Cost {
  readonly usdPerBillionEvents: number;
  /** How it comes about, line by line. */
  readonly arithmetic: readonly string[];
}

/** The cost of a billion events that look like those measured, with shards full all the time: the least it can cost. */
export function costOf({ events, kinesisRecords, kinesisBytes, putUnits }: StreamFigures): Cost {
  if (events === 0) return { usdPerBillionEvents: 0, arithmetic: ["nothing is in the stream"] };
  const putUnitsPerBillion = (putUnits / events) * BILLION;
  const putUsd = (putUnitsPerBillion / 1_000_000) * USD_PER_MILLION_PUT_UNITS;
  const bytesPerBillion = (kinesisBytes / events) * BILLION;
  const recordsPerBillion = (kinesisRecords / events) * BILLION;
  const shardSeconds = Math.max(
    bytesPerBillion / SHARD_BYTES_PER_SECOND,
    recordsPerBillion / SHARD_RECORDS_PER_SECOND,
  );
  const shardHours = shardSeconds / SECONDS_PER_HOUR;
  const shardUsd = shardHours * USD_PER_SHARD_HOUR;
  const usd = putUsd + shardUsd;
  return {
    usdPerBillionEvents: Math.round(usd * 100) / 100,
    arithmetic: [
      `PUT units: ${putUnits} units / ${events} events = ${(putUnits / events).toFixed(5)} per event; × 10^9 × ${USD_PER_MILLION_PUT_UNITS} USD per million = ${putUsd.toFixed(2)} USD`,
      `shards:    ${(kinesisBytes / events).toFixed(0)} B per event × 10^9 / 1 MB/s = ${shardHours.toFixed(0)} shard-hours × ${USD_PER_SHARD_HOUR} USD = ${shardUsd.toFixed(2)} USD, with every shard full all the time`,
      `together:  ${usd.toFixed(2)} USD per billion events, before what reads the stream`,
    ],
  };
}
