/**
 * When to dial again, for ever: at once after a cut, then more and more seldom, never two pages at the
 * same instant.
 *
 * A server that refuses is starting anew, or full: it is asked again after a pause. A way that
 * swallows what it is given is dead: it is felt along with small questions until one is answered,
 * for what was sent into a dead way long ago comes too late. Knows no socket.
 */

/** Pauses after the first, second … refusal, in seconds; each is stretched by chance. */
const PAUSES = [0.3, 0.6, 1.2, 1.5];
/** After this many refusals nobody waits for the next second any more. */
const MANY = 20;
const SELDOM = 4;
const FIRST = 0.3;
const FEEL = 1.2;

/** @typedef {"answered" | "refused" | "silent"} Felt */

export class Comeback {
  /** @type {(() => void) | null} */
  #stop = null;
  #refusals = 0;
  /** Grows with each new turn, so that an older question's answer counts no more. */
  #turn = 0;

  /**
   * @param {() => void} dial
   * @param {(seconds: number) => Promise<Felt>} feel asks the server something small
   * @param {{after: (seconds: number, call: () => void) => () => void, random: () => number}} page
   */
  constructor(dial, feel, page = { after, random: Math.random }) {
    this.dial = dial;
    this.feel = feel;
    this.page = page;
  }

  /** The line is up. */
  found() {
    this.rest();
    this.#refusals = 0;
  }

  /** No more dialling. */
  rest() {
    this.#turn += 1;
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

  /**
   * Nothing answered at all. `took`: seconds in which a dialling succeeded last.
   * @param {number} took
   */
  async swallowed(took) {
    this.rest();
    const turn = this.#turn;
    for (let felt = "silent"; felt === "silent"; ) {
      felt = await this.feel(Math.max(FEEL, 2 * took) * (0.75 + this.page.random() / 2));
      if (turn !== this.#turn) return;
      if (felt === "refused") return this.refused();
    }
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

/**
 * Whether the server answers anything, on a connection of its own.
 * @param {number} seconds
 * @returns {Promise<Felt>}
 */
export async function feel(seconds) {
  const signal = AbortSignal.timeout(Math.round(seconds * 1000));
  try {
    await fetch("/healthz", { method: "HEAD", cache: "no-store", signal });
    return "answered";
  } catch {
    return signal.aborted ? "silent" : pause(seconds);
  }
}

/**
 * What fails at once may be a machine without any network, which is no refusal: it costs a moment.
 * @param {number} seconds
 * @returns {Promise<Felt>}
 */
async function pause(seconds) {
  if (navigator.onLine) return "refused";
  await new Promise((resolve) => after(seconds, () => resolve(null)));
  return "silent";
}
