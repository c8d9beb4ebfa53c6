/**
 * Brings sound that plays late back to now, and lets it play later where repairs come too late.
 *
 * After congestion a browser holds sound back for another half minute, though nothing comes late any
 * more: NetEq forgets slowly, and `jitterBufferTarget` only ever raises the delay. A line that is
 * taken away and given back starts with a short delay; what waited in it is lost. So it is done when
 * nobody speaks, which shows in what arrives: silence takes few bytes (DTX, RFC 7587 §3.1.3).
 * Never done while sound is being invented: then the delay is needed.
 *
 * Where packets are lost, asked for and sent again, and yet sound is invented, they came after their
 * time: NetEq would rather invent than wait for a few in a hundred. It is then told to wait, step by step.
 */

/** @typedef {{jitterBufferDelay: number, jitterBufferEmittedCount: number, concealedSamples: number, silentConcealedSamples?: number, totalSamplesReceived: number, bytesReceived: number, nackCount?: number, packetsLost?: number}} Counted */

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
/** Readings over which sound is judged that repairs could save. */
const JUDGED = 5;
const MUCH_CONCEALED = 0.02;
/** s added at a time, at most in all; s without such sound until it may play early again. */
const WAIT_MORE = 0.1;
const WAIT_MOST = 0.3;
const WAIT_SECONDS = 30;

export class Playout {
  /** @type {Map<string, Line>} */
  #lines = new Map();
  #restart;
  #wait;
  #now;

  /**
   * @param {(mids: string[]) => unknown} restart begins the playout of these lines anew
   * @param {(mid: string, delay: number | null) => unknown} wait has a line play that late at least, ms
   * @param {() => number} now ms
   */
  constructor(restart, wait, now = () => Date.now()) {
    this.#restart = restart;
    this.#wait = wait;
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
      if (row.type !== "inbound-rtp" || row.kind !== "audio" || !row.mid) return;
      const line = this.#line(row.mid);
      if (line.isDue(row, this.#now())) due.push(row.mid);
      if (line.waits(row, this.#now())) this.#wait(row.mid, line.delay);
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
  /** @type {Counted[]} */
  #judged = [];
  #waitsSince = 0;
  /** ms it plays late at least; null as it likes @type {number | null} */
  delay = null;

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

  /**
   * Whether it is to play at another delay than before.
   * @param {Counted} counted
   * @param {number} now ms
   */
  waits(counted, now) {
    this.#judged = [...this.#judged, counted].slice(-JUDGED - 1);
    const past = this.#judged.length > JUDGED ? between(this.#judged[0], counted) : null;
    if (past && past.delay !== null && isRepairedLate(this.#judged[0], counted) && past.concealed > MUCH_CONCEALED) {
      const before = this.delay;
      this.delay = Math.max(before ?? 0, Math.round(1000 * Math.min(WAIT_MOST, past.delay + WAIT_MORE)));
      this.#waitsSince = now;
      this.#judged = [];
      return this.delay !== before;
    }
    if (this.delay === null || now - this.#waitsSince < WAIT_SECONDS * 1000) return false;
    this.delay = null;
    return true;
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

/**
 * Whether packets were asked for again, and none is missing any more.
 * @param {Counted} before
 * @param {Counted} now
 */
function isRepairedLate({ nackCount = 0, packetsLost = 0 }, now) {
  return (now.nackCount ?? 0) > nackCount && (now.packetsLost ?? 0) <= packetsLost;
}

/** @param {Counted} counted */
function heardInvented({ concealedSamples, silentConcealedSamples = 0 }) {
  return concealedSamples - silentConcealedSamples;
}

/**
 * @param {RTCPeerConnection} pc
 * @param {string} mid
 * @param {number | null} delay ms; null as the browser likes
 */
export function playLater(pc, mid, delay) {
  const receiver = pc.getTransceivers().find((one) => one.mid === mid)?.receiver;
  if (receiver && "jitterBufferTarget" in receiver) receiver.jitterBufferTarget = delay;
}
