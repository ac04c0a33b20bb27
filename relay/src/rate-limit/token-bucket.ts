/** What a bucket holds, and how fast it fills. */
export interface BucketSize {
  /** 1 or more. */
  readonly bytesPerSecond: number;
  /** So much may come at once after a pause. */
  readonly burstBytes: number;
}

/** How full a bucket was, and when. Below nothing when the last that was taken was more than there was. */
export interface Bucket {
  readonly bytes: number;
  readonly atMs: number;
}

/** Bytes in the bucket now; one that was never used is full. */
function levelOf(
  bucket: Bucket | undefined,
  { bytesPerSecond, burstBytes }: BucketSize,
  nowMs: number,
): number {
  if (!bucket) return burstBytes;
  return Math.min(burstBytes, bucket.bytes + ((nowMs - bucket.atMs) * bytesPerSecond) / 1_000);
}

/** How long until something may be taken, in ms; 0: now. Something in it is enough, or a large batch could never come. */
export function waitMsOf(bucket: Bucket | undefined, size: BucketSize, nowMs: number): number {
  const level = levelOf(bucket, size, nowMs);
  return level > 0 ? 0 : Math.max(1, (-level * 1_000) / size.bytesPerSecond);
}

/** The bucket after `bytes` were taken. */
export function take(bucket: Bucket | undefined, size: BucketSize, bytes: number, nowMs: number): Bucket {
  return { bytes: levelOf(bucket, size, nowMs) - bytes, atMs: nowMs };
}
