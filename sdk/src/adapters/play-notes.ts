/**
 * The port behind which a tracker keeps what would have to be told if its process ended now. What a relay has, the SDK's own
 * log forgets, so that log cannot tell which plays were still open; see docs/decisions/0018-open-plays.md.
 */
export interface PlayNotes {
  /** What owners that are gone left behind. Nothing is forgotten by reading it. Called once, before `keep`. */
  left(): Promise<readonly string[]>;
  /**
   * Replaces what is kept, and forgets what `left` handed over; undefined keeps nothing. Resolves when that is durable, as far as
   * the medium can promise it; rejects when it could not be done.
   */
  keep(text: string | undefined): Promise<void>;
  /**
   * The same before it returns, and whatever `keep` is still at comes to nothing; throws when it could not be done. With it a final is
   * kept until it is durable. Only where the log tells at its next opening how far it got (Node's does, by `previous`):
   * elsewhere a final that is durable already would be told again.
   */
  keepNow?(text: string | undefined): void;
}
