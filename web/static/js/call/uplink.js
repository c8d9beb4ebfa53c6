/**
 * What this side's link does, read once a second: for the worker a thrifty report, for the page two
 * minutes of samples and the bytes of the whole call.
 *
 * Estimates nothing: the browser's own estimate and counters, as they are (W3C webrtc-stats).
 */

/** @import { LinkReport, LinkSample } from "../../../types/call.d.ts" */
/** @typedef {{id: string, pc: Pick<RTCPeerConnection, "getStats">}} Carrier */
/** @typedef {{sent: number, received: number}} Bytes */
/**
 * One reading: byte counts of this session, and what is true now.
 * @typedef {Bytes & {at: number, up: number | null, rtt: number | null, limited: LinkReport["limited"], lost: number, packets: number}} Reading
 */

const EVERY_SECONDS = 1;
const KEPT = 120;
/** Reports themselves cost: on a thin link a fifth of a kbit/s is felt. */
const REPORT_SECONDS = 2;
const THIN_REPORT_SECONDS = 5;
const THIN = 100_000;
const REPORT_ANYHOW_SECONDS = 15;
const MOVED = 0.15;
/** IPv4 and UDP, which counters leave out. Bytes a packet. */
const ENVELOPE = 28;
/** Who holds a picture back, the gravest first. */
/** @type {LinkReport["limited"][]} */
const GRAVITY = ["cpu", "bandwidth", "other", "none"];

export class Uplink extends EventTarget {
  #carrier;
  #now;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {LinkSample[]} */
  #samples = [];
  /** @type {{session: string, reading: Reading} | null} */
  #before = null;
  /** What sessions before this one carried. */
  /** @type {Bytes} */
  #earlier = { sent: 0, received: 0 };
  /** @type {{at: number, report: LinkReport} | null} */
  #reported = null;

  /**
   * @param {() => Carrier | null} carrier the session that carries something now
   * @param {() => number} now ms
   */
  constructor(carrier, now = () => Date.now()) {
    super();
    this.#carrier = carrier;
    this.#now = now;
  }

  start() {
    this.#timer ??= setInterval(() => this.look(), EVERY_SECONDS * 1000);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The last two minutes, the oldest first. */
  samples() {
    return [...this.#samples];
  }

  /** Reads once; tells the browser's own `report`, a `sample`, and `link` when one is due. */
  async look() {
    const carrier = this.#carrier();
    const report = await carrier?.pc.getStats().catch(() => null);
    if (!carrier || !report || carrier !== this.#carrier()) return;
    this.#tell("report", report);
    const reading = read(report);
    const before = this.#before;
    this.#before = { session: carrier.id, reading };
    if (before?.session === carrier.id) this.#sample(carrier.id, before.reading, reading);
    else if (before) this.#closeAccount(before.reading);
  }

  /** @param {Bytes} last */
  #closeAccount({ sent, received }) {
    this.#earlier = { sent: this.#earlier.sent + sent, received: this.#earlier.received + received };
  }

  /**
   * @param {string} session
   * @param {Reading} before
   * @param {Reading} reading
   */
  #sample(session, before, reading) {
    const seconds = (reading.at - before.at) / 1000;
    if (!(seconds > 0)) return;
    /** @type {LinkSample} */
    const sample = {
      at: this.#now(),
      up: rate(reading.sent - before.sent, seconds),
      down: rate(reading.received - before.received, seconds),
      loss: lossBetween(before, reading),
      rtt: reading.rtt,
      estimate: reading.up,
      sent: this.#earlier.sent + reading.sent,
      received: this.#earlier.received + reading.received,
    };
    this.#samples = [...this.#samples, sample].slice(-KEPT);
    this.#tell("sample", sample);
    this.#report({ session, up: reading.up, rtt: sample.rtt, loss: sample.loss, limited: reading.limited, sent: sample.sent, received: sample.received });
  }

  /** @param {LinkReport} report */
  #report(report) {
    const last = this.#reported;
    const seconds = last ? (this.#now() - last.at) / 1000 : Infinity;
    if (last && !isDue(last.report, report, seconds)) return;
    this.#reported = { at: this.#now(), report };
    this.#tell("link", report);
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Whether there is enough to say for a report to be worth its bytes.
 * @param {LinkReport} last
 * @param {LinkReport} report
 * @param {number} seconds since the last
 */
export function isDue(last, report, seconds) {
  if (seconds >= REPORT_ANYHOW_SECONDS) return true;
  const thin = (report.up ?? Infinity) < THIN;
  if (seconds < (thin ? THIN_REPORT_SECONDS : REPORT_SECONDS)) return false;
  if (report.session !== last.session || report.limited !== last.limited) return true;
  if (report.up === null || last.up === null) return report.up !== last.up;
  return Math.abs(report.up - last.up) >= MOVED * last.up;
}

/**
 * @param {RTCStatsReport} report
 * @returns {Reading}
 */
export function read(report) {
  /** @type {any[]} */
  const rows = [];
  report.forEach((row) => rows.push(row));
  const ofType = (/** @type {string} */ type) => rows.filter((row) => row.type === type);
  const pair = selected(ofType("candidate-pair"), ofType("transport"));
  const outbound = ofType("outbound-rtp");
  const remote = ofType("remote-inbound-rtp");
  return {
    at: pair?.timestamp ?? 0,
    ...bytesOf(pair, sum(outbound, "packetsSent"), sum(ofType("inbound-rtp"), "packetsReceived")),
    up: whole(pair?.availableOutgoingBitrate),
    rtt: pair?.currentRoundTripTime ?? remote.find((row) => row.roundTripTime)?.roundTripTime ?? null,
    limited: GRAVITY.find((why) => outbound.some((row) => row.qualityLimitationReason === why)) ?? "none",
    lost: sum(remote, "packetsLost"),
    packets: sum(outbound, "packetsSent"),
  };
}

/**
 * @param {any[]} pairs
 * @param {any[]} transports
 */
function selected(pairs, transports) {
  const id = transports.find((row) => row.selectedCandidatePairId)?.selectedCandidatePairId;
  return pairs.find((row) => row.id === id) ?? pairs.find((row) => row.selected || row.nominated);
}

/**
 * With the envelope of each packet; a browser which does not count those of a pair, of media alone.
 * @param {any} pair
 * @param {number} out
 * @param {number} into
 * @returns {Bytes}
 */
function bytesOf(pair, out, into) {
  return {
    sent: (pair?.bytesSent ?? 0) + ENVELOPE * (pair?.packetsSent ?? out),
    received: (pair?.bytesReceived ?? 0) + ENVELOPE * (pair?.packetsReceived ?? into),
  };
}

/**
 * @param {any[]} rows
 * @param {string} field
 */
function sum(rows, field) {
  return rows.reduce((total, row) => total + (row[field] ?? 0), 0);
}

/** @param {number | undefined} value */
function whole(value) {
  return value === undefined ? null : Math.round(value);
}

/**
 * @param {number} bytes
 * @param {number} seconds
 */
function rate(bytes, seconds) {
  return Math.max(0, Math.round((8 * bytes) / seconds));
}

/**
 * Of what was sent between two readings, the part the far end says it lacks.
 * @param {Reading} before
 * @param {Reading} now
 */
function lossBetween(before, now) {
  const packets = now.packets - before.packets;
  return packets > 0 ? Math.min(1, Math.max(0, (now.lost - before.lost) / packets)) : null;
}
