/**
 * Whether anything at all still comes over a connection: its own word, from how long nothing came and
 * how long nothing comes usually.
 *
 * Pure: it is given instants and counts. A long queue is not death, for what it holds keeps coming;
 * neither is time in which this page itself stood still.
 */

/** Seconds without anything before one asks; twice that before one acts. */
const SUSPECT = 0.7;
/** Never more than that: who neither sends nor gets media is asked for consent every 4 to 6 s (RFC 7675). */
const LONGEST = 4;
/** So many of the longest usual pauses. */
const PAUSES = 3;
/** What was usual fades by this with each arrival. */
const FADES = 0.9;
/** Between two looks; a page that looks later was not there to see. */
export const LOOK_SECONDS = 0.25;
const ABSENT = 1;

/** @typedef {"alive" | "suspect" | "dead"} Life */

export class Pulse {
  /** @type {number | null} when it was looked at last, s */
  #looked = null;
  #count = 0;
  #came = 0;
  /** The longest pause of late, s; nothing is known of it at first. */
  #usual = LONGEST / PAUSES;

  /**
   * @param {number} at s
   * @param {number} count of all that came, growing
   * @param {number} rtt s
   * @returns {Life}
   */
  look(at, count, rtt) {
    const absent = this.#looked === null || at - this.#looked > ABSENT;
    this.#looked = at;
    if (absent) this.#came = at;
    if (count !== this.#count) this.#arrive(at, count);
    const silent = at - this.#came;
    const patience = Math.min(LONGEST, Math.max(SUSPECT, PAUSES * this.#usual + rtt));
    if (silent >= 2 * patience) return "dead";
    return silent >= patience ? "suspect" : "alive";
  }

  /**
   * @param {number} at
   * @param {number} count
   */
  #arrive(at, count) {
    this.#usual = Math.max(Math.min(at - this.#came, LONGEST / PAUSES), FADES * this.#usual);
    this.#came = at;
    this.#count = count;
  }
}

/**
 * All that came over a connection, of any kind: media, control, answers to checks.
 * @param {RTCStatsReport} report
 */
export function arrivals(report) {
  let count = 0;
  report.forEach((/** @type {any} */ row) => {
    if (row.type === "transport") count += row.packetsReceived ?? 0;
    if (row.type === "candidate-pair") count += (row.responsesReceived ?? 0) + (row.requestsReceived ?? 0) + (row.bytesReceived ?? 0);
    if (row.type === "inbound-rtp") count += row.packetsReceived ?? 0;
    if (row.type === "remote-inbound-rtp") count += row.roundTripTimeMeasurements ?? 0;
  });
  return count;
}

/**
 * The round trip as it is known, s.
 * @param {RTCStatsReport} report
 */
export function roundTrip(report) {
  let rtt = 0;
  report.forEach((/** @type {any} */ row) => {
    if (row.type === "candidate-pair" && row.nominated) rtt = Math.max(rtt, row.currentRoundTripTime ?? 0);
  });
  return rtt;
}
