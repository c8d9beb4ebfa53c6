/**
 * Whether a picture still moves: the moment its last frame was shown, by the browser's own word.
 *
 * A hidden page shows no frames, which says nothing of the link: its time does not count. Shows
 * and decides nothing.
 */

/** Past this, a picture which should move has stopped (ms). */
export const STOPPED = 3000;
/** Past this, a picture which is no longer sent is taken away (ms). */
export const GONE = 1000;

export class Freshness {
  /** When the last frame came, on the page's own clock; null before the first. @type {number | null} */
  #last = null;
  #since = 0;
  #handle = 0;

  /**
   * @param {Pick<HTMLVideoElement, "requestVideoFrameCallback" | "cancelVideoFrameCallback">} video
   * @param {{now: () => number, hidden: () => boolean}} [page]
   */
  constructor(video, page = { now: () => performance.now(), hidden: () => document.hidden }) {
    this.video = video;
    this.page = page;
  }

  /** A new track: no frame of it yet. */
  restart() {
    this.#last = null;
    this.#since = this.page.now();
    if (!this.video.requestVideoFrameCallback) return;
    this.video.cancelVideoFrameCallback(this.#handle);
    this.#wait();
  }

  /** The page is seen again: what it did not show does not count. */
  wake() {
    this.#since = this.page.now();
    if (this.#last !== null) this.#last = this.#since;
  }

  /** Whether the track has shown anything yet. */
  get begun() {
    return this.#last !== null;
  }

  /** How long nothing new was shown, in ms; 0 where this cannot be known. */
  get age() {
    if (!this.video.requestVideoFrameCallback || this.page.hidden()) return 0;
    return this.page.now() - (this.#last ?? this.#since);
  }

  #wait() {
    this.#handle = this.video.requestVideoFrameCallback(() => {
      this.#last = this.page.now();
      this.#wait();
    });
  }
}
