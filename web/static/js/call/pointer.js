/**
 * Showing a spot of a still to the others: our own place on its way out, theirs as they come.
 *
 * A place is worth nothing a moment later, so only the latest is said, at the pace the link
 * spares, and one that stops coming fades. Knows no DOM.
 */

/** @import { PointerPlace } from "../../../types/stills.d.ts" */
/** @import { Clock } from "./still_pace.js" */
/** @import { Place } from "./still_zoom.js" */

/** Bits one place costs on the wire, with its frame, TLS and TCP. */
const BITS = 1600;
/** The part of the spare rate it may take. */
const SHARE = 0.5;
const INTERVAL = { least: 0.1, most: 2 };
/** Said again while it rests, for whoever missed it; gone without a word after FADE_SECONDS. */
const AGAIN_SECONDS = 3;
export const FADE_SECONDS = 8;

/**
 * Seconds from one place to the next.
 * @param {number | null} spare bit/s; null when nobody said
 */
export function interval(spare) {
  if (spare === null) return INTERVAL.least;
  return Math.min(INTERVAL.most, Math.max(INTERVAL.least, BITS / (Math.max(spare, 1) * SHARE)));
}

/** Our own place. */
export class OwnPointer {
  /** @type {{still: string, place: Place | null} | null} */
  #latest = null;
  #said = -Infinity;
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {(place: {still: string, x: number | null, y: number | null}) => void} say
   * @param {Clock} clock
   * @param {() => number | null} spare bit/s
   */
  constructor(say, clock, spare) {
    this.say = say;
    this.clock = clock;
    this.spare = spare;
  }

  /**
   * @param {string} still
   * @param {Place | null} place null when it leaves the picture
   */
  move(still, place) {
    if (!place && !this.#latest?.place) return;
    this.#latest = { still, place };
    this.#cancel?.();
    this.#wait(this.#said + interval(this.spare()) - this.clock.now());
  }

  leave() {
    if (this.#latest) this.move(this.#latest.still, null);
  }

  /** @param {number} seconds */
  #wait(seconds) {
    if (seconds <= 0) return this.#tell();
    this.#cancel = this.clock.after(seconds, () => this.#tell());
  }

  #tell() {
    this.#cancel = null;
    if (!this.#latest) return;
    const { still, place } = this.#latest;
    this.#said = this.clock.now();
    this.say({ still, x: place && rounded(place.x), y: place && rounded(place.y) });
    if (place) this.#wait(AGAIN_SECONDS);
    else this.#latest = null;
  }
}

/** A thousandth of the picture is finer than a fingertip. */
function rounded(/** @type {number} */ value) {
  return Math.round(value * 1000) / 1000;
}

/** The others' places, one for each seat. */
export class OtherPointers {
  /** @type {Map<string, PointerPlace & {at: number}>} */
  #places = new Map();

  /**
   * @param {Clock} clock
   * @param {() => void} changed
   */
  constructor(clock, changed) {
    this.clock = clock;
    this.changed = changed;
  }

  /** @param {{still: string, seat: string, x: number | null, y: number | null}} told */
  hear({ still, seat, x, y }) {
    if (inside(x) && inside(y)) {
      this.#places.set(seat, { still, seat, x: Number(x), y: Number(y), at: this.clock.now() });
      this.clock.after(FADE_SECONDS, () => this.#fade());
    } else this.#places.delete(seat);
    this.changed();
  }

  /**
   * Who points where on this still.
   * @param {string} still
   * @returns {PointerPlace[]}
   */
  on(still) {
    return [...this.#places.values()].filter((place) => place.still === still);
  }

  /** Who points at another still than this one: the latest, or undefined. */
  elsewhere(/** @type {string | null} */ still) {
    return [...this.#places.values()].filter((place) => place.still !== still).sort((one, other) => other.at - one.at)[0];
  }

  #fade() {
    const now = this.clock.now();
    const before = this.#places.size;
    for (const [seat, { at }] of this.#places) if (now - at >= FADE_SECONDS - 0.001) this.#places.delete(seat);
    if (this.#places.size !== before) this.changed();
  }
}

/** @param {unknown} value */
function inside(value) {
  return typeof value === "number" && value >= 0 && value <= 1;
}
