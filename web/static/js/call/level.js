/**
 * How loud a microphone is. Keeps and sends nothing of what it hears.
 */

/** Reads how loud a track is, 0 to 1, about ten times a second, until stopped. */
export class Meter {
  #context = new AudioContext();
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  #analyser = this.#context.createAnalyser();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {(level: number) => void} told */
  constructor(told) {
    this.#analyser.fftSize = 1024;
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser.getFloatTimeDomainData(samples);
      told(this.#source ? loudness(samples) : 0);
    }, 100);
  }

  /** @param {MediaStreamTrack | null} track */
  listen(track) {
    this.#source?.disconnect();
    this.#source = track && this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source?.connect(this.#analyser);
    this.resume();
  }

  /** A browser starts no sound machinery before the first gesture; stopped first, it never does. */
  resume() {
    this.#context.resume().catch(() => {});
  }

  stop() {
    clearInterval(this.#timer);
    this.#context.close();
  }
}

/**
 * Root mean square on a scale where ordinary speech fills about two thirds.
 * @param {Float32Array} samples
 */
function loudness(samples) {
  const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
  const decibels = 10 * Math.log10(power + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}
