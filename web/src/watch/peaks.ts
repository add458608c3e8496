/** Waveform peaks as audiowaveform writes them: a minimum and a maximum for each stretch of samples, −1 to 1. */
export interface Peaks {
  readonly secondsEach: number;
  readonly pairs: Float32Array;
}

interface PeaksDocument {
  sample_rate: number;
  samples_per_pixel: number;
  bits: number;
  channels?: number;
  data: number[];
}

export function readPeaks(document: PeaksDocument): Peaks {
  const scale = 2 ** (document.bits - 1);
  const channels = document.channels ?? 1;
  const count = Math.floor(document.data.length / 2 / channels);
  const pairs = new Float32Array(count * 2);
  for (let index = 0; index < count; index++) {
    for (let channel = 0; channel < channels; channel++) {
      const at = (index * channels + channel) * 2;
      pairs[index * 2] = Math.min(pairs[index * 2] ?? 0, (document.data[at] ?? 0) / scale);
      pairs[index * 2 + 1] = Math.max(pairs[index * 2 + 1] ?? 0, (document.data[at + 1] ?? 0) / scale);
    }
  }
  return { secondsEach: document.samples_per_pixel / document.sample_rate, pairs };
}

export async function fetchPeaks(url: string, signal: AbortSignal): Promise<Peaks> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`The waveform answered ${response.status}.`);
  return readPeaks((await response.json()) as PeaksDocument);
}

/** Lowest and highest sample in each of `columns` equal parts of `seconds`. */
export function columnsOf(peaks: Peaks, seconds: number, columns: number): Float32Array {
  const result = new Float32Array(columns * 2);
  const count = peaks.pairs.length / 2;
  const each = seconds / columns / peaks.secondsEach;
  for (let column = 0; column < columns; column++) {
    const from = Math.floor(column * each);
    const to = Math.min(count, Math.max(from + 1, Math.floor((column + 1) * each)));
    for (let index = from; index < to; index++) {
      result[column * 2] = Math.min(result[column * 2] ?? 0, peaks.pairs[index * 2] ?? 0);
      result[column * 2 + 1] = Math.max(result[column * 2 + 1] ?? 0, peaks.pairs[index * 2 + 1] ?? 0);
    }
  }
  return result;
}
