/** Music made here, so that the example ships nobody else's: plucked strings into a WAV file. */

export interface Tune {
  readonly title: string;
  readonly artist: string;
  readonly uri: string;
  readonly livestream: boolean;
  /** Chords as notes of a keyboard (60 is middle C), one after another. */
  readonly chords: readonly (readonly number[])[];
  /** Time between two notes, in seconds. */
  readonly step: number;
}

export const TUNES: readonly Tune[] = [
  {
    title: "Lamplight",
    artist: "The Workshop Trio",
    uri: "x-example:lamplight",
    livestream: false,
    chords: [
      [48, 55, 64, 67, 71, 67],
      [45, 52, 60, 64, 67, 64],
      [41, 53, 57, 64, 69, 64],
      [43, 50, 59, 62, 69, 62],
    ],
    step: 0.3,
  },
  {
    title: "Ferry at Dawn",
    artist: "The Workshop Trio",
    uri: "x-example:ferry",
    livestream: false,
    chords: [
      [50, 57, 65, 69, 72],
      [46, 53, 62, 65, 69],
      [43, 55, 58, 65, 70],
      [45, 52, 61, 64, 69],
    ],
    step: 0.36,
  },
  {
    title: "Paper Boats",
    artist: "The Workshop Trio",
    uri: "x-example:boats",
    livestream: false,
    chords: [
      [52, 59, 64, 68, 71, 75, 71, 68],
      [49, 56, 64, 68, 73, 76, 73, 68],
      [45, 57, 61, 64, 69, 73, 69, 64],
      [47, 54, 63, 66, 71, 75, 71, 66],
    ],
    step: 0.22,
  },
];

export const STATION: Tune = {
  title: "Night Signal",
  artist: "Radio Zwölf",
  uri: "x-example:night-signal",
  livestream: true,
  chords: [
    [40, 52, 59, 66, 71],
    [45, 52, 61, 66, 68],
    [42, 49, 57, 64, 73],
    [47, 54, 59, 66, 69],
  ],
  step: 0.45,
};

const RATE = 22_050;
const ROUNDS = 3;
const RING_S = 2.6;

/** The tune as a WAV file: 16 bits, one channel. */
export function wavOf(tune: Tune): Blob {
  const notes = Array.from({ length: ROUNDS }, () => tune.chords).flat(2);
  const samples = new Float32Array(Math.ceil((notes.length * tune.step + RING_S) * RATE));
  notes.forEach((note, i) => {
    pluck(samples, Math.round(i * tune.step * RATE), note, note < 54 ? 0.5 : 0.34);
  });
  echo(samples, Math.round(tune.step * 1.5 * RATE), 0.28);
  return new Blob([headerOf(samples.length), pcmOf(samples)], { type: "audio/wav" });
}

/** A string: noise that goes round in a loop as long as the note's period, and loses its edge. */
function pluck(into: Float32Array, at: number, note: number, loudness: number): void {
  const period = Math.round(RATE / (440 * 2 ** ((note - 69) / 12)));
  const loop = new Float32Array(period);
  let seed = note * 7_919 + at;
  let soft = 0;
  for (let i = 0; i < period; i++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    soft += ((seed / 0x3fffffff - 1) * loudness - soft) * 0.45;
    loop[i] = soft;
  }
  const length = Math.min(Math.round(RING_S * RATE), into.length - at);
  for (let i = 0; i < length; i++) {
    const here = i % period;
    into[at + i]! += loop[here]! * Math.min(1, (length - i) / 2_000);
    loop[here] = (loop[here]! + loop[(here + 1) % period]!) * 0.4985;
  }
}

function echo(samples: Float32Array, delay: number, share: number): void {
  for (let i = delay; i < samples.length; i++) samples[i]! += samples[i - delay]! * share;
}

function pcmOf(samples: Float32Array): Int16Array<ArrayBuffer> {
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0.01);
  return Int16Array.from(samples, (sample) => Math.round((sample / loudest) * 26_000));
}

/** RIFF: the form's length, then `fmt ` (PCM, one channel, rate, bytes per second, bytes per sample, bits), then `data`. */
function headerOf(samples: number): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at: number, letters: string) =>
    letters.split("").forEach((letter, i) => {
      view.setUint8(at + i, letter.charCodeAt(0));
    });
  text(0, "RIFF");
  view.setUint32(4, 36 + samples * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples * 2, true);
  return view.buffer;
}
