/** Small audio files, made by code. */

const RATE = 44_100;
const SAMPLE_BYTES = 2;
const HEADER_BYTES = 44;

/** A WAV file of a sine: mono, 16 bit, 44.1 kHz, with its title (`INAM`) and artist (`IART`) if they are given. */
export function toneOf(seconds: number, hertz = 440, tags: Readonly<Record<string, string>> = {}): Buffer {
  const samples = Math.round(seconds * RATE);
  const file = Buffer.concat([Buffer.alloc(HEADER_BYTES + samples * SAMPLE_BYTES), listOf(tags)]);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // one channel
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * SAMPLE_BYTES, 28);
  file.writeUInt16LE(SAMPLE_BYTES, 32);
  file.writeUInt16LE(SAMPLE_BYTES * 8, 34);
  file.write("data", 36);
  file.writeUInt32LE(samples * SAMPLE_BYTES, 40);
  for (let i = 0; i < samples; i++) {
    const sample = Math.round(10_000 * Math.sin((2 * Math.PI * hertz * i) / RATE));
    file.writeInt16LE(sample, HEADER_BYTES + i * SAMPLE_BYTES);
  }
  return file;
}

/** A chunk of tags. */
function listOf(tags: Readonly<Record<string, string>>): Buffer {
  const chunks = Object.entries(tags).map(([name, text]) => chunkOf(name, Buffer.from(`${text}\0`)));
  return chunks.length === 0
    ? Buffer.alloc(0)
    : chunkOf("LIST", Buffer.concat([Buffer.from("INFO"), ...chunks]));
}

function chunkOf(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
