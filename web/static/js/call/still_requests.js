/**
 * Stills this person asked others for: each until it comes, is refused, or stays away too long.
 */

/** @import { Picture } from "../../../types/call.d.ts" */
/** @import { StillAck } from "../../../types/stills.d.ts" */

/** After this long, whoever asked is told that nothing came. */
const ANSWER_SECONDS = 30;

export class Requests {
  /** @type {Map<string, {seat: string, timer: ReturnType<typeof setTimeout>}>} by picture */
  #open = new Map();

  /**
   * @param {(payload: {seat: string, source: Picture}) => Promise<StillAck>} say
   * @param {{changed: () => void, refused: (code: string) => void, unanswered: (seat: string) => void}} told
   */
  constructor(say, told) {
    this.say = say;
    this.told = told;
  }

  /** Seats which owe a still. */
  get seats() {
    return [...this.#open.values()].map(({ seat }) => seat);
  }

  /**
   * Asked twice, it is asked once.
   * @param {string} seat
   * @param {Picture} source
   */
  async ask(seat, source) {
    const picture = keyOf(seat, source);
    if (this.#open.has(picture)) return;
    const timer = setTimeout(() => {
      this.close(seat, source);
      this.told.unanswered(seat);
    }, ANSWER_SECONDS * 1000);
    this.#open.set(picture, { seat, timer });
    this.told.changed();
    const answer = await this.say({ seat, source });
    if (answer.ok) return;
    this.close(seat, source);
    this.told.refused(answer.code ?? "");
  }

  /**
   * A still of this picture came, or will not.
   * @param {string} seat
   * @param {Picture} source
   */
  close(seat, source) {
    const picture = keyOf(seat, source);
    clearTimeout(this.#open.get(picture)?.timer);
    if (this.#open.delete(picture)) this.told.changed();
  }

  /** The call is over. */
  end() {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }
}

/**
 * @param {string} seat
 * @param {Picture} source
 */
function keyOf(seat, source) {
  return `${seat}/${source}`;
}
