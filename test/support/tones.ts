/** Small audio files, made by code. */

const RATE = 8_000;
const HEADER_BYTES = 44;

/** A WAV file of a sine: mono, 8 bit, 8 kHz. */
export function toneOf(seconds: number, hertz = 440): Buffer {
  const samples = Math.round(seconds * RATE);
  const file = Buffer.alloc(HEADER_BYTES + samples);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // one channel
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE, 28); // bytes a second
  file.writeUInt16LE(1, 32); // bytes a sample
  file.writeUInt16LE(8, 34); // bits a sample
  file.write("data", 36);
  file.writeUInt32LE(samples, 40);
  for (let i = 0; i < samples; i++) {
    file[HEADER_BYTES + i] = Math.round(128 + 100 * Math.sin((2 * Math.PI * hertz * i) / RATE));
  }
  return file;
}
