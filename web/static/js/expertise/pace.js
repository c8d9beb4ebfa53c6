// How fast bytes leave, and how long the rest will take. Time is an argument, in seconds.

const WINDOW_S = 30;
// Before that, a guess would be worth nothing.
const SURE_S = 3;

export class Pace {
  /** @type {{ at: number, bytes: number }[]} */
  #seen = [];

  /** @param {number} at @param {number} bytes how many have left so far, of all there are */
  tell(at, bytes) {
    const last = this.#seen.at(-1);
    if (last && bytes < last.bytes) this.#seen = [];
    this.#seen.push({ at, bytes });
    while (this.#seen.length > 2 && at - this.#seen[0].at > WINDOW_S) this.#seen.shift();
  }

  /** Begins again: what was measured before a cut tells nothing of after. */
  forget() {
    this.#seen = [];
  }

  /**
   * @param {number} left bytes
   * @returns {number | null} seconds, null while nobody can tell
   */
  secondsFor(left) {
    const first = this.#seen[0], last = this.#seen.at(-1);
    if (!first || !last || last.at - first.at < SURE_S || last.bytes <= first.bytes) return null;
    return (left * (last.at - first.at)) / (last.bytes - first.bytes);
  }
}
