/**
 * How fast stills may leave: what was sent is owed, and the spare rate pays for it. Pure but for
 * the clock it is given.
 */

/** @typedef {{now: () => number, after: (seconds: number, call: () => void) => () => void}} Clock seconds */

/** Bytes a part costs beside its data: two WebSocket frames, their TLS and TCP, the answer's ACK. */
export const OVERHEAD = 280;
const PART = { least: 256, most: 2048 };
/** One part holds up the voice behind it for no longer than this. */
const PART_SECONDS = 0.2;
/** bit/s before the worker has said anything. */
const FIRST_SPARE = 8000;

export class Pace {
  #spare = FIRST_SPARE;
  #rate = FIRST_SPARE;
  /** Bits sent that the spare rate has not paid for yet. */
  #debt = 0;
  #paid = 0;

  /** @param {Clock} clock */
  constructor(clock) {
    this.clock = clock;
    this.#paid = clock.now();
  }

  /** Whether nothing may leave. */
  get held() {
    return this.#spare === 0;
  }

  /**
   * @param {number} spare bit/s on the wire a transfer may use now
   * @param {number} rate bit/s this browser may send in all
   */
  allow(spare, rate) {
    this.#pay();
    this.#spare = Math.max(0, spare) || 0;
    this.#rate = Math.max(this.#spare, rate || 0);
  }

  /** @param {number} bytes of data */
  charge(bytes) {
    this.#pay();
    this.#debt += (bytes + OVERHEAD) * 8;
  }

  /** Seconds until the spare rate has paid for what was sent; Infinity while there is none. */
  get waiting() {
    this.#pay();
    return this.held ? Infinity : this.#debt / this.#spare;
  }

  /** Bytes of data in the next part. */
  get portion() {
    const size = Math.floor((this.#rate * PART_SECONDS) / 8) - OVERHEAD;
    return Math.min(PART.most, Math.max(PART.least, size));
  }

  #pay() {
    const now = this.clock.now();
    this.#debt = Math.max(0, this.#debt - this.#spare * (now - this.#paid));
    // What is left of a float after many payments must not keep a part waiting.
    if (this.#debt < 1) this.#debt = 0;
    this.#paid = now;
  }
}
