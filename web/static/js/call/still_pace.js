/**
 * How fast stills may leave. What was sent is owed, and a rate pays for it: the spare rate of the
 * worker's plan, or, while somebody waits for what they asked, one that the answers show to be
 * right. Only so much is under way as the link holds. Pure but for the clock it is given.
 *
 * Both follow the delay of answers, as LEDBAT does (RFC 6817): they grow while parts come as
 * promptly as ever, the first to what is spared, and sink when parts wait, since a voice waits
 * behind them.
 */

/** @typedef {{now: () => number, after: (seconds: number, call: () => void) => () => void}} Clock seconds */
/** @typedef {{bits: number, at: number}} Ticket of a part under way */

/** Bytes a part costs beside its data: two WebSocket frames, their TLS and TCP, the answer's ACK. */
export const OVERHEAD = 240;
const PART = { least: 512, most: 2048 };
/** One part holds up the voice behind it for no longer than this. */
const PART_SECONDS = 0.2;
/** bit/s before the worker has said anything, and the most: a server takes a hundred parts a second. */
const FIRST_SPARE = 8000;
const MOST_SPARE = 1_500_000;
/** s until an answer: before one came, and at most. */
const FIRST_TRIP = 0.5;
const LONGEST_TRIP = 1.2;
/** Answers among which the promptest tells how long the way is. */
const TRIPS = 20;
/** bit/s beside the voice while somebody waits: at first, where nothing is spared, at least, at most. */
const PRESSED = { first: 10_000, poor: 5000, least: 1500, most: 64_000 };
/** Of the spare rate, at least. */
const EASED = 0.1;
/** What one answer adds to a rate at most, or takes from it, as a share of it: a late one, a very late one. */
const STEP = { up: 0.2, down: 0.25, deep: 0.5 };
/** s beyond the way there and back: an answer so late is waited for. */
const LATE = 0.5;
/** s an answer came later than the promptest: little, too much, far too much. */
const QUEUE = { calm: 0.15, busy: 0.3, deep: 0.5 };

export class Pace {
  #spare = FIRST_SPARE;
  #rate = FIRST_SPARE;
  #pressed = PRESSED.first;
  /** Of the spare rate, what answers show to be there. */
  #eased = 1;
  #pressing = false;
  /** Bits sent that the rate has not paid for yet. */
  #debt = 0;
  #paid = 0;
  /** @type {Ticket[]} of parts nobody answered for yet, oldest first */
  #flying = [];
  /** @type {number[]} s that the last parts took */
  #trips = [];
  #lowered = -Infinity;

  /** @param {Clock} clock */
  constructor(clock) {
    this.clock = clock;
    this.#paid = clock.now();
  }

  /** bit/s on the wire a transfer may use now. */
  get spare() {
    return this.#spare;
  }

  /**
   * @param {number} spare bit/s on the wire a transfer may use now
   * @param {number} rate bit/s this browser may send in all
   */
  allow(spare, rate) {
    this.#pay();
    this.#spare = Math.min(MOST_SPARE, Math.max(0, spare) || 0);
    this.#rate = Math.max(this.#spare, rate || 0);
  }

  /**
   * Somebody waits for what leaves now, or nobody does any more.
   * @param {boolean} pressing
   */
  press(pressing) {
    this.#pay();
    if (pressing && !this.#pressing) this.#begin();
    this.#pressing = pressing;
  }

  /** @param {number} bytes of data */
  charge(bytes) {
    this.#pay();
    this.#debt += bitsOf(bytes);
  }

  /**
   * A part leaves.
   * @param {number} bytes of data
   * @returns {Ticket}
   */
  leave(bytes) {
    this.charge(bytes);
    const ticket = { bits: bitsOf(bytes), at: this.clock.now() };
    this.#flying.push(ticket);
    return ticket;
  }

  /**
   * It was answered.
   * @param {Ticket} ticket
   */
  came(ticket) {
    this.lost(ticket);
    const took = this.clock.now() - ticket.at;
    this.#trips = [...this.#trips, took].slice(-TRIPS);
    this.#feel(took);
  }

  /**
   * It was not, or the answer tells nothing of the way.
   * @param {Ticket} ticket
   */
  lost(ticket) {
    this.#flying = this.#flying.filter((one) => one !== ticket);
  }

  /** Seconds until the next part may leave; Infinity while nothing may, or an answer is waited for. */
  get waiting() {
    this.#pay();
    return this.#allowed === 0 || this.#full ? Infinity : this.#debt / this.#allowed;
  }

  /** Bytes of data in the next part. */
  get portion() {
    const size = Math.floor((this.#rate * PART_SECONDS) / 8) - OVERHEAD;
    return Math.min(PART.most, Math.max(PART.least, size));
  }

  get #allowed() {
    const spare = this.#spare * this.#eased;
    return this.#pressing ? Math.max(spare, this.#pressed) : spare;
  }

  /** Whether the link holds no more, or an answer is late. */
  get #full() {
    const under = this.#flying.reduce((sum, { bits }) => sum + bits, 0);
    const late = this.#flying.length > 0 && this.clock.now() - this.#flying[0].at > this.#trip + LATE;
    return late || under > this.#allowed * this.#trip;
  }

  get #trip() {
    return this.#trips.length ? Math.min(LONGEST_TRIP, ...this.#trips) : FIRST_TRIP;
  }

  /** What somebody waits for does not pay for what left before. */
  #begin() {
    this.#debt = 0;
    if (this.#spare === 0) this.#pressed = Math.min(this.#pressed, PRESSED.poor);
  }

  /**
   * What somebody waits for believes in no way so long: a queue that stood before counts too.
   * @param {number} took s
   */
  #feel(took) {
    const least = Math.min(...this.#trips);
    const now = this.clock.now();
    const again = now - this.#lowered > took;
    const pressed = stepOf(took - Math.min(least, LONGEST_TRIP), again);
    const eased = stepOf(took - least, again);
    if (Math.min(pressed, eased) < 1) this.#lowered = now;
    if (this.#pressing) this.#pressed = Math.min(PRESSED.most, Math.max(PRESSED.least, this.#allowed * pressed));
    this.#eased = Math.min(1, Math.max(EASED, this.#eased * eased));
  }

  #pay() {
    const now = this.clock.now();
    this.#debt = Math.max(0, this.#debt - this.#allowed * (now - this.#paid));
    // What is left of a float after many payments must not keep a part waiting.
    if (this.#debt < 1) this.#debt = 0;
    this.#paid = now;
  }
}

/** @param {number} bytes of data */
function bitsOf(bytes) {
  return (bytes + OVERHEAD) * 8;
}

/**
 * What becomes of a rate, as a factor.
 * @param {number} queue s
 * @param {boolean} again whether it may sink once more
 */
function stepOf(queue, again) {
  if (queue < QUEUE.calm) return 1 + STEP.up * (1 - queue / QUEUE.calm);
  if (queue <= QUEUE.busy || !again) return 1;
  return 1 - (queue > QUEUE.deep ? STEP.deep : STEP.down);
}
