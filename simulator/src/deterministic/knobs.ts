import type { Random } from "../listening/random.ts";

/**
 * Raised whenever a seed comes to mean other knobs (`knobs.test.ts` notices): a seed says nothing without the version that it was drawn
 * with.
 */
export const KNOBS_VERSION = 2;

/** How often something happens per hour of the fault phase, and how long it lasts at most. */
interface Weather {
  readonly perHour: number;
  readonly minutesMax: number;
}

/** All that is special about one run. Drawn from the seed, and printed before anything happens. */
export interface Knobs {
  /** How much faster than people the speakers listen, and bursts: how often, and of how many events at most. */
  readonly pace: number;
  readonly burstsPerHour: number;
  readonly burstEventsMax: number;
  /** Share of events that cannot be recorded: too large, or not JSON. */
  readonly badEventShare: number;

  readonly crashesPerHour: number;
  readonly closesPerHour: number;
  /** Of all crashes, processes of relays included. */
  readonly powerCutShare: number;
  readonly downMinutesMax: number;
  readonly consentChangesPerHour: number;
  /** Of every machine, relays' included. */
  readonly clockJumpsPerHour: number;

  readonly syncMs: number;
  readonly diskFull: Weather;
  readonly diskFailing: Weather;
  readonly fileShortage: Weather;
  readonly bitFlipsPerHour: number;

  readonly latencyMs: number;
  readonly lostRequestShare: number;
  readonly lostAnswerShare: number;
  readonly duplicateShare: number;
  /** Of duplicates, those that come up to this late. */
  readonly lateMinutesMax: number;
  readonly partition: Weather;
  /** Something in between answers in the relay's place. */
  readonly proxy: Weather;

  readonly relays: number;
  readonly hasSpool: boolean;
  readonly relayCrashesPerHour: number;
  readonly relayRestartsPerHour: number;
  /** Share of events that no relay takes, whoever sends them, and whatever else is in the batch. */
  readonly refusedEventShare: number;
  /** One relay does not reach Kinesis; others do. */
  readonly relayCutOff: Weather;

  readonly shards: number;
  /** Whether the stream distributes records by itself: never, from the beginning, or from some moment of the fault phase on. */
  readonly auto: "never" | "always" | "later";
  readonly failedCallShare: number;
  readonly lostPutAnswerShare: number;
  readonly latePutShare: number;
  readonly failedRecordShare: number;
  readonly throttling: Weather;
  readonly outage: Weather;
  readonly reshardsPerHour: number;

  readonly sdk: SdkKnobs;
  readonly relay: RelayKnobs;
}

/** Options of every SDK instance. Some are below what an application may ask for, so that caps are met. */
interface SdkKnobs {
  readonly spelling: "msgpack" | "ndjson";
  readonly isPacked: boolean;
  readonly segmentBytes: number;
  readonly storeBytesMax: number;
  readonly storeEventsMax: number;
  readonly bufferBytesMax: number;
  readonly commitIntervalMs: number;
  readonly commitEventsMax: number;
  readonly flushIntervalMs: number;
  readonly batchEventsMax: number;
  readonly batchBytesMax: number;
  readonly recoverySpreadMs: number;
}

/** Options of every relay. */
interface RelayKnobs {
  readonly aggregateBytesMax: number;
  readonly aggregateAgeMs: number;
  readonly putsMax: number;
  readonly deliveryDeadlineMs: number;
  readonly failuresToOpen: number;
  readonly openMsMax: number;
  readonly resendEpochsMax: number;
  readonly spoolBytesMax: number;
  readonly spoolSegmentBytes: number;
  readonly refreshIntervalMs: number;
}

/** Share of runs in which there is every fault at once. */
const EVERYTHING_SHARE = 0.08;

/**
 * Draws a run's knobs. Every fault is absent from some runs, so that what only shows without it shows too; and in some of them
 * none is.
 */
export function drawKnobs(random: Random): Knobs {
  const isEverything = random.chance(EVERYTHING_SHARE);
  const isAbsent = (share: number) => random.chance(share) && !isEverything;
  const rate = (most: number) => (isAbsent(0.3) ? 0 : Math.max(0.001, rounded(random.fraction() * most)));
  const rare = (most: number) => (isAbsent(0.6) ? 0 : rate(most));
  const share = rate;
  const weather = (perHourMost: number, minutesMost: number): Weather => ({
    perHour: rate(perHourMost),
    minutesMax: random.integer(1, minutesMost),
  });
  const hasSpool = !isAbsent(0.4);
  return {
    pace: random.pick([1, 1, 3, 10]),
    burstsPerHour: rate(0.5),
    burstEventsMax: random.pick([20, 200, 1_000]),
    badEventShare: share(0.02),
    crashesPerHour: rate(0.5),
    closesPerHour: rate(0.3),
    powerCutShare: rounded(random.fraction()),
    downMinutesMax: random.pick([1, 10, 120]),
    consentChangesPerHour: rare(0.2),
    clockJumpsPerHour: rate(0.2),
    syncMs: random.pick([0.5, 5, 30, 200]),
    diskFull: weather(0.1, 120),
    diskFailing: isAbsent(0.6) ? NEVER : weather(0.1, 10),
    fileShortage: isAbsent(0.6) ? NEVER : weather(0.1, 10),
    bitFlipsPerHour: rare(0.2),
    latencyMs: random.pick([5, 50, 500]),
    lostRequestShare: share(0.1),
    lostAnswerShare: share(0.1),
    duplicateShare: share(0.1),
    lateMinutesMax: random.pick([0.1, 5, 60]),
    partition: weather(0.3, random.pick([5, 60, 600])),
    proxy: weather(0.1, 30),
    relays: isEverything ? 2 : random.integer(1, 2),
    hasSpool,
    relayCrashesPerHour: rate(0.3),
    relayRestartsPerHour: rate(0.3),
    refusedEventShare: rare(0.02),
    relayCutOff: weather(0.1, random.pick([5, 120])),
    shards: random.integer(1, 4),
    auto: isEverything ? "later" : random.weighted({ never: 80, always: 5, later: 15 }),
    failedCallShare: share(0.1),
    lostPutAnswerShare: share(0.05),
    latePutShare: share(0.05),
    failedRecordShare: share(0.1),
    throttling: weather(0.3, 30),
    outage: weather(0.05, random.pick([5, 60, 360])),
    reshardsPerHour: rate(0.3),
    sdk: drawSdk(random),
    relay: drawRelay(random),
  };
}

function drawSdk(random: Random): SdkKnobs {
  return {
    spelling: random.chance(0.8) ? "msgpack" : "ndjson",
    isPacked: random.chance(0.3),
    segmentBytes: random.pick([2_048, 16_384, 262_144]),
    storeBytesMax: random.pick([65_536, 1_048_576]) + 65_536,
    storeEventsMax: random.pick([300, 5_000, 1_000_000]),
    bufferBytesMax: random.pick([65_536, 1_048_576]),
    commitIntervalMs: random.pick([50, 1_000, 10_000]),
    commitEventsMax: random.pick([1, 50, 500]),
    flushIntervalMs: random.pick([500, 5_000, 60_000]),
    batchEventsMax: random.pick([1, 10, 500]),
    batchBytesMax: random.pick([4_096, 262_144]),
    recoverySpreadMs: random.pick([0, 60_000]),
  };
}

function drawRelay(random: Random): RelayKnobs {
  return {
    aggregateBytesMax: random.pick([2_048, 51_100]),
    aggregateAgeMs: random.pick([1, 200, 2_000]),
    putsMax: random.pick([1, 8]),
    deliveryDeadlineMs: random.pick([1_000, 12_000, 60_000]),
    failuresToOpen: random.pick([1, 5]),
    openMsMax: random.pick([1_000, 30_000]),
    resendEpochsMax: random.pick([1, 1_000]),
    spoolBytesMax: random.pick([131_072, 16_777_216]),
    spoolSegmentBytes: random.pick([16_384, 8_388_608]),
    refreshIntervalMs: random.pick([60_000, 900_000]),
  };
}

const NEVER: Weather = { perHour: 0, minutesMax: 1 };

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
