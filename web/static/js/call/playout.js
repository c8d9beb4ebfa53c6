/**
 * Brings sound that plays late back to now.
 *
 * After congestion a browser holds sound back for another half minute, though nothing comes late any
 * more: NetEq forgets slowly, and `jitterBufferTarget` only ever raises the delay. A line that is
 * taken away and given back starts with a short delay; what waited in it is lost. So it is done when
 * nobody speaks, which shows in what arrives: silence takes few bytes (DTX, RFC 7587 §3.1.3).
 * Never done while sound is being invented: then the delay is needed.
 */

/** @typedef {{jitterBufferDelay: number, jitterBufferEmittedCount: number, concealedSamples: number, silentConcealedSamples?: number, totalSamplesReceived: number, bytesReceived: number}} Counted */

/** s */
const LATE = 0.4;
const FAR_TOO_LATE = 0.8;
/** Readings, of a second, one after the other. */
const RIPE = 3;
const RIPE_WHILE_SPOKEN = 8;
const MOST_CONCEALED = 0.01;
/** Payload of a second: silence took 210 at most with RED at 32 kbit/s, speech at 6 kbit/s 600. Bytes */
const LULL = 300;
/** Whoever is late again so soon is late for a reason: each time is waited for twice as long. s */
const AGAIN_SECONDS = 30;

export class Playout {
  /** @type {Map<string, Line>} */
  #lines = new Map();
  #restart;
  #now;

  /**
   * @param {(mids: string[]) => unknown} restart begins the playout of these lines anew
   * @param {() => number} now ms
   */
  constructor(restart, now = () => Date.now()) {
    this.#restart = restart;
    this.#now = now;
  }

  /**
   * A second has passed.
   * @param {RTCStatsReport} report
   */
  look(report) {
    /** @type {string[]} */
    const due = [];
    report.forEach((row) => {
      if (row.type === "inbound-rtp" && row.kind === "audio" && row.mid && this.#line(row.mid).isDue(row, this.#now())) due.push(row.mid);
    });
    if (due.length) this.#restart(due);
  }

  /** @param {string} mid */
  #line(mid) {
    const known = this.#lines.get(mid) ?? new Line();
    this.#lines.set(mid, known);
    return known;
  }
}

/** One line that brings sound. */
class Line {
  /** @type {Counted | null} */
  #before = null;
  #late = 0;
  #rest = AGAIN_SECONDS;
  #notBefore = 0;

  /**
   * @param {Counted} counted
   * @param {number} now ms
   */
  isDue(counted, now) {
    const before = this.#before;
    this.#before = counted;
    const past = before && between(before, counted);
    if (!past) return false;
    if (past.delay === null) return false;
    this.#late = past.delay > LATE && past.concealed < MOST_CONCEALED ? this.#late + 1 : 0;
    const lull = past.bytes <= LULL;
    const ripe = (lull && this.#late >= RIPE) || (past.delay > FAR_TOO_LATE && this.#late >= RIPE_WHILE_SPOKEN);
    return ripe && now >= this.#notBefore && this.#begin(now);
  }

  /** @param {number} now */
  #begin(now) {
    this.#late = 0;
    this.#notBefore = now + this.#rest * 1000;
    this.#rest *= 2;
    return true;
  }
}

/**
 * What happened between two readings: the mean delay (s; null when nothing was played), the part of
 * the sound that was invented, the bytes that came. Nothing when the counters began anew.
 * @param {Counted} before
 * @param {Counted} now
 */
function between(before, now) {
  const bytes = now.bytesReceived - before.bytesReceived;
  const played = now.jitterBufferEmittedCount - before.jitterBufferEmittedCount;
  const samples = now.totalSamplesReceived - before.totalSamplesReceived;
  if (bytes < 0 || played < 0 || samples <= 0) return null;
  const invented = heardInvented(now) - heardInvented(before);
  return { bytes, delay: played ? (now.jitterBufferDelay - before.jitterBufferDelay) / played : null, concealed: invented / samples };
}

/** @param {Counted} counted */
function heardInvented({ concealedSamples, silentConcealedSamples = 0 }) {
  return concealedSamples - silentConcealedSamples;
}
