/**
 * When to dial again, for ever: at once after a cut, then more and more seldom, never two pages at the
 * same instant; and how long one dialling may take.
 *
 * A server that refuses is starting anew, or full: it is asked again after a pause. A way that
 * swallows what it is given is dead, and dialled again without a pause: what was sent into it long ago
 * is sent once more too seldom. Only a new socket asks at once: browsers let a request that was given
 * up wait on, and hand its place to the next. They also hold back whoever opened some fifteen sockets
 * in vain, so a long cut is felt along with fewer of them. Knows no socket.
 */

/** Pauses after the first, second … refusal, in seconds; each is stretched by chance. */
const PAUSES = [0.3, 0.6, 1.2, 1.5];
/** After this many refusals nobody waits for the next second any more. */
const MANY = 20;
const SELDOM = 4;
const FIRST = 0.3;
/**
 * How long a dialling may take, and how many in a row: systems repeat their first packet after 1, 3 and
 * 7 s, so that each of these asks at least every 2 s, every 4 s, every 8 s.
 * @type {[seconds: number, times: number][]}
 */
const PATIENCE = [
  [3.5, 9],
  [7.5, 30],
  [15.5, Infinity],
];

export class Comeback {
  /** @type {(() => void) | null} */
  #stop = null;
  #refusals = 0;
  #swallowed = 0;

  /**
   * @param {() => void} dial
   * @param {{after: (seconds: number, call: () => void) => () => void, random: () => number}} page
   */
  constructor(dial, page = { after, random: Math.random }) {
    this.dial = dial;
    this.page = page;
  }

  /** How long a dialling may take now, s. */
  get patience() {
    let left = this.#swallowed;
    for (const [seconds, times] of PATIENCE) {
      if (left < times) return seconds;
      left -= times;
    }
    return 0;
  }

  /** The line is up. */
  found() {
    this.rest();
    this.#refusals = this.#swallowed = 0;
  }

  /** No more dialling. */
  rest() {
    this.#stop?.();
    this.#stop = null;
  }

  /** The line has just gone: again at once. */
  lost() {
    this.#later(FIRST * this.page.random());
  }

  /** The server could be reached and did not take us. */
  refused() {
    const pause = this.#refusals < MANY ? PAUSES[Math.min(this.#refusals, PAUSES.length - 1)] : SELDOM;
    this.#refusals += 1;
    this.#later(pause * (0.5 + this.page.random()));
  }

  /** Nothing answered at all. */
  swallowed() {
    this.#swallowed += 1;
    this.#later(0);
  }

  /** Something says that the way is there. */
  now() {
    this.#later(0);
  }

  /** @param {number} seconds */
  #later(seconds) {
    this.rest();
    this.#stop = this.page.after(seconds, () => {
      this.#stop = null;
      this.dial();
    });
  }
}

/**
 * @param {number} seconds
 * @param {() => void} call
 */
function after(seconds, call) {
  const timer = setTimeout(call, seconds * 1000);
  return () => clearTimeout(timer);
}
