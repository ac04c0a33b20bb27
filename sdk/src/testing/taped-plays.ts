import type { PlayRecorder } from "../adapters/play-tracker.ts";
import type { RecordResult } from "../event.ts";
import type { TelemetryStats } from "../telemetry-api.ts";
import { type PlayEvent, playSchema } from "../vocabulary/play.ts";
import { type SourceEvent, sourceSchema } from "../vocabulary/source.ts";

/** A recorder that keeps what it is told, and refuses what the vocabulary refuses. */
export class TapedPlays implements PlayRecorder {
  readonly plays: PlayEvent[] = [];
  readonly sources: SourceEvent[] = [];
  readonly ready = Promise.resolve({ durable: true });
  consent: TelemetryStats["consent"] = "granted";
  epoch = "epoch-1";
  #seq = 1;
  readonly #listeners: [string, (news: never) => void][] = [];

  play(play: PlayEvent): RecordResult {
    this.plays.push(checked(playSchema["~standard"].validate(play)) as PlayEvent);
    return { status: "recorded", epoch: this.epoch, seq: ++this.#seq };
  }

  source(source: SourceEvent): RecordResult {
    this.sources.push(checked(sourceSchema["~standard"].validate(source)) as SourceEvent);
    return { status: "recorded", epoch: this.epoch, seq: ++this.#seq };
  }

  on(name: string, listener: (news: never) => void): () => void {
    const entry: [string, (news: never) => void] = [name, listener];
    this.#listeners.push(entry);
    return () => this.#listeners.splice(this.#listeners.indexOf(entry), 1);
  }

  get listeners(): readonly (readonly [string, (news: never) => void])[] {
    return this.#listeners;
  }

  tell(name: string, news: unknown): void {
    for (const [of, listener] of this.#listeners) if (of === name) listener(news as never);
  }

  stats(): TelemetryStats {
    return { consent: this.consent } as TelemetryStats;
  }

  get finals(): PlayEvent[] {
    return this.plays.filter(({ report_type }) => report_type === "final");
  }

  /** Everything that was recorded, as text, to look for what must not be in it. */
  get text(): string {
    return JSON.stringify([this.plays, this.sources]);
  }
}

function checked(result: unknown): unknown {
  const { value, issues } = result as { value?: unknown; issues?: readonly { message: string }[] };
  if (issues) throw new Error(JSON.stringify(issues));
  return value;
}
