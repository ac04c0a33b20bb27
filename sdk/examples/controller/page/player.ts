/** A player of a few tunes that knows what was heard: each play's audible time, and how it began and ended. */
import type { PlayEvent, ReasonEnd, ReasonStart, SourceEvent } from "@tonearm/sdk";
import { STATION, TUNES, type Tune, wavOf } from "./tune.ts";

export type PlayerSource = "queue" | "radio";

/** What the player tells. Nothing in it knows of telemetry. */
export interface PlayerNews {
  play(play: PlayEvent): void;
  source(source: SourceEvent): void;
  /** What is on has changed, or whether it sounds. */
  changed(): void;
}

interface CurrentPlay {
  readonly tune: Tune;
  readonly startedAt: string;
  readonly reasonStart: ReasonStart;
  readonly positionStartMs: number;
  heardMs: number;
  /** When it last began to sound; undefined while it does not. */
  soundsSince: number | undefined;
}

export class Player {
  readonly audio = new Audio();
  readonly #news: PlayerNews;
  readonly #files = new Map<Tune, string>();
  #source: PlayerSource = "queue";
  #hasSource = false;
  #index = 0;
  #play: CurrentPlay | undefined;

  constructor(news: PlayerNews) {
    this.#news = news;
    const { audio } = this;
    audio.addEventListener("playing", () => this.#sounds(true));
    for (const type of ["pause", "waiting", "seeking"]) {
      audio.addEventListener(type, () => this.#sounds(false));
    }
    audio.addEventListener("seeked", () => this.#sounds(!audio.paused));
    audio.addEventListener("ended", () => this.#step(1, "trackdone"));
    this.#load();
  }

  get tune(): Tune {
    return this.#source === "radio" ? STATION : TUNES[this.#index]!;
  }

  get source(): PlayerSource {
    return this.#source;
  }

  toggle(): void {
    if (this.audio.paused) this.#start("playbtn");
    else this.audio.pause();
  }

  next(): void {
    this.#step(1, "fwdbtn");
  }

  previous(): void {
    this.#step(-1, "backbtn");
  }

  choose(source: PlayerSource): void {
    if (source === this.#source) return;
    const wasPlaying = !this.audio.paused;
    this.#end("source_switch");
    const from = this.#source;
    this.#source = source;
    if (this.#hasSource) this.#tellSource(from);
    this.#load();
    if (wasPlaying) this.#start("source_switch");
  }

  /** The page is being left: what was heard of the play under way is told now, or never. */
  leave(): void {
    this.audio.pause();
    this.#end("endplay");
  }

  #step(by: number, reason: ReasonEnd & ReasonStart): void {
    const wasPlaying = !this.audio.paused || reason === "trackdone";
    this.#end(reason);
    if (this.#source === "queue") this.#index = (this.#index + by + TUNES.length) % TUNES.length;
    this.#load();
    if (wasPlaying) this.#start(reason);
  }

  #load(): void {
    const file = this.#files.get(this.tune) ?? URL.createObjectURL(wavOf(this.tune));
    this.#files.set(this.tune, file);
    this.audio.src = file;
    this.audio.loop = this.tune.livestream;
    this.#news.changed();
  }

  #start(reasonStart: ReasonStart): void {
    if (!this.#hasSource) this.#tellSource("idle");
    this.#play ??= {
      tune: this.tune,
      startedAt: new Date().toISOString(),
      reasonStart,
      positionStartMs: Math.round(this.audio.currentTime * 1_000),
      heardMs: 0,
      soundsSince: undefined,
    };
    // Refused by a browser that wants a click first, or overtaken by the next tune: then nothing sounds.
    this.audio.play().catch(() => this.#news.changed());
  }

  #sounds(sounds: boolean): void {
    const play = this.#play;
    if (play) {
      if (play.soundsSince !== undefined) play.heardMs += performance.now() - play.soundsSince;
      play.soundsSince = sounds ? performance.now() : undefined;
    }
    this.#news.changed();
  }

  #end(reasonEnd: ReasonEnd): void {
    const play = this.#play;
    if (!play) return;
    this.#sounds(false);
    this.#play = undefined;
    const { tune } = play;
    this.#news.play({
      started_at: play.startedAt,
      ended_at: new Date().toISOString(),
      ms_played: Math.round(play.heardMs),
      position_start_ms: play.positionStartMs,
      position_end_ms: Math.round(this.audio.currentTime * 1_000),
      duration_ms: tune.livestream || !this.audio.duration ? null : Math.round(this.audio.duration * 1_000),
      livestream: tune.livestream,
      content_type: tune.livestream ? "station" : "track",
      item_uri: tune.uri,
      title: tune.title,
      artist: tune.artist,
      source_type: this.#source,
      reason_start: play.reasonStart,
      reason_end: reasonEnd,
    });
  }

  #tellSource(from: PlayerSource | "idle"): void {
    this.#hasSource = true;
    this.#news.source({
      occurred_at: new Date().toISOString(),
      player_id: "controller-example",
      from: { source_type: from },
      to: { source_type: this.#source },
      trigger: "user_app",
    });
  }
}
