/**
 * Stills on their way to the server: in parts, behind the voice, each byte once.
 *
 * One part is in flight at a time, and the next leaves when the spare rate has paid for the last.
 * The smallest waiting stage goes first, whatever still it belongs to; an asked one before an
 * automatic one. A cut is waited out and the server asked where to go on. An asked still is never
 * given up in silence: it is delivered, dropped by the person, or shown as refused with its reason.
 */

import { Pace } from "./still_pace.js";

/** @import { Clock } from "./still_pace.js" */
/** @import { MadeStill, Sending, StillAck } from "../../../types/stills.d.ts" */
/**
 * @typedef {object} Wire
 * @property {(event: string, payload: object) => Promise<StillAck>} say
 * @property {() => boolean} up
 */
/** @typedef {{still: MadeStill, bytes: (Uint8Array<ArrayBuffer> | null)[], stage: number, offset: number, begun: boolean, lost: boolean, strikes: number, failed: string | null}} Entry */

const AGAIN_SECONDS = 2;
const STRIKES = 3;
/** Refusals that pass with time. */
const PASSING = ["slow_down", "unavailable", "away"];
/** Refusals no other attempt will change. */
const FINAL = ["full", "ended", "not_allowed", "locked"];

export class StillSender {
  /** @type {Entry[]} */
  #entries = [];
  #running = false;
  /** @type {(() => void) | null} */
  #wake = null;

  /**
   * @param {Wire} wire
   * @param {Clock} clock
   * @param {(sending: Sending[]) => void} changed
   */
  constructor(wire, clock, changed) {
    this.wire = wire;
    this.clock = clock;
    this.changed = changed;
    this.pace = new Pace(clock);
  }

  /** @returns {Sending[]} what is on its way or was refused, in the order it was added */
  get sending() {
    return this.#entries.map((entry) => this.#told(entry));
  }

  /**
   * What a transfer may use now.
   * @param {number} spare bit/s on the wire
   * @param {number} rate bit/s this browser may send in all
   */
  allow(spare, rate) {
    this.pace.allow(spare, rate);
    this.go();
  }

  /**
   * An automatic still takes the place of an older one of the same camera that has not left yet.
   * @param {MadeStill} still
   */
  add(still) {
    if (this.#entries.some((one) => one.still.id === still.id)) return;
    if (still.why === "rung") this.dropWaiting(still.source);
    this.#entries.push({ still, bytes: [], stage: 0, offset: 0, begun: false, lost: false, strikes: 0, failed: null });
    this.#tell();
    this.go();
  }

  /**
   * Automatic stills of which nothing has left yet are outdated.
   * @param {string} [source] of one camera only
   */
  dropWaiting(source) {
    const old = this.#entries.filter(({ still, stage, offset }) => still.why === "rung" && (!source || still.source === source) && stage + offset === 0);
    for (const entry of old) this.drop(entry.still.id);
  }

  /** @param {string} id */
  drop(id) {
    const entry = this.#entries.find((one) => one.still.id === id);
    if (!entry) return;
    this.#remove(entry);
    if (entry.begun && !entry.failed) this.wire.say("still_drop", { id });
    this.go();
  }

  /**
   * A refused still is tried once more.
   * @param {string} id
   */
  again(id) {
    const entry = this.#entries.find((one) => one.still.id === id);
    if (!entry) return;
    Object.assign(entry, { failed: null, strikes: 0, begun: false, lost: false });
    this.#tell();
    this.go();
  }

  /** The line fell: what was in flight may or may not have arrived. */
  cut() {
    for (const entry of this.#entries) entry.lost = entry.begun;
    this.#tell();
  }

  /** Something changed for the better: looks at once whether a part may leave. */
  go() {
    this.#wake?.();
    this.#run();
  }

  async #run() {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) await this.#advance(next);
    } finally {
      this.#running = false;
    }
  }

  #next() {
    const open = this.#entries.filter((entry) => !entry.failed);
    return open.sort((one, other) => one.stage - other.stage || rank(one) - rank(other))[0];
  }

  /** @param {Entry} entry */
  async #advance(entry) {
    if (!this.wire.up()) return this.#pause(Infinity);
    if (entry.lost) return this.#resume(entry);
    // Who asked shall know at once that it comes; an automatic still may yet be replaced.
    if (!entry.begun && entry.still.why === "asked") return this.#begin(entry);
    const wait = this.pace.waiting;
    if (wait > 0) return this.#pause(wait);
    return entry.begun ? this.#part(entry) : this.#begin(entry);
  }

  /** @param {Entry} entry */
  async #begin(entry) {
    const { id, source, why, stages } = entry.still;
    const told = stages.map(({ bytes, type, width, height }) => ({ bytes, type, width, height }));
    const answer = await this.#say("still_begin", { id, source, why, stages: told }, 200);
    if (!answer.ok) return this.#refused(entry, answer);
    entry.begun = true;
    if (this.#entries.includes(entry)) return this.#move(entry, answer);
    // Dropped while the server was still answering.
    await this.wire.say("still_drop", { id });
  }

  /** @param {Entry} entry */
  async #resume(entry) {
    const answer = await this.#say("still_resume", { id: entry.still.id }, 0);
    if (answer.ok) {
      entry.lost = false;
      return this.#move(entry, answer);
    }
    // A server that does not know it any more is told of it anew.
    if (!PASSING.includes(answer.code ?? "")) Object.assign(entry, { lost: false, begun: false });
    await this.#refused(entry, answer);
  }

  /** @param {Entry} entry */
  async #part(entry) {
    const { still, stage, offset } = entry;
    entry.bytes[stage] ??= new Uint8Array(await still.stages[stage].blob.arrayBuffer());
    const data = entry.bytes[stage].slice(offset, offset + this.pace.portion);
    const answer = await this.#say("still_part", { id: still.id, stage, offset, data }, data.length);
    if (answer.ok) return this.#further(entry, { stage, ...answer });
    entry.lost = true;
    await this.#refused(entry, answer);
  }

  /**
   * @param {string} event
   * @param {object} payload
   * @param {number} bytes
   */
  #say(event, payload, bytes) {
    this.pace.charge(bytes);
    return this.wire.say(event, payload);
  }

  /**
   * A server that takes parts and never gets further is not fed for ever.
   * @param {Entry} entry
   * @param {StillAck} answer
   */
  #further(entry, answer) {
    const { stage, offset } = entry;
    this.#move(entry, answer);
    if (entry.stage > stage || entry.offset > offset) entry.strikes = 0;
    else if (this.#entries.includes(entry)) this.#strike(entry, "invalid");
  }

  /**
   * Goes on where the server says, which knows best what it has.
   * @param {Entry} entry
   * @param {StillAck} answer
   */
  #move(entry, { stage = entry.stage, offset = 0 }) {
    const { stages } = entry.still;
    const whole = Number.isInteger(stage) && Number.isInteger(offset) && stage >= 0 && offset >= 0;
    if (!whole || stage > stages.length || (stage < stages.length && offset > stages[stage].bytes)) return this.#strike(entry, "invalid");
    entry.stage = stage;
    entry.offset = offset;
    if (stage < stages.length && offset === stages[stage].bytes) {
      entry.bytes[stage] = null;
      entry.stage += 1;
      entry.offset = 0;
    }
    if (entry.stage >= stages.length) this.#remove(entry);
    else this.#tell();
  }

  /**
   * @param {Entry} entry
   * @param {StillAck} answer
   */
  async #refused(entry, { code = "invalid" }) {
    if (code === "away" && !this.wire.up()) return;
    if (PASSING.includes(code)) return this.#pause(AGAIN_SECONDS);
    this.#strike(entry, code);
  }

  /**
   * @param {Entry} entry
   * @param {string} code
   */
  #strike(entry, code) {
    entry.strikes += 1;
    if (FINAL.includes(code) || entry.strikes >= STRIKES) entry.failed = code;
    if (entry.failed && entry.still.why === "rung") return this.#remove(entry);
    this.#tell();
  }

  /**
   * Until then, or until something changes.
   * @param {number} seconds
   */
  async #pause(seconds) {
    this.#tell();
    await new Promise((resolve) => {
      const cancel = seconds === Infinity ? () => {} : this.clock.after(seconds, () => resolve(null));
      this.#wake = () => (cancel(), resolve(null));
    });
    this.#wake = null;
  }

  /** @param {Entry} entry */
  #remove(entry) {
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#tell();
  }

  #tell() {
    this.changed(this.sending);
  }

  /**
   * @param {Entry} entry
   * @returns {Sending}
   */
  #told({ still, stage, offset, failed }) {
    const { id, source, why, stages } = still;
    const held = this.pace.held ? "held" : "sending";
    const state = failed ? "failed" : this.wire.up() ? held : "cut";
    return { id, source, why, stage, stages: stages.length, done: offset / (stages[stage]?.bytes || 1), state, code: failed };
  }
}

/** @param {Entry} entry */
function rank({ still }) {
  return still.why === "asked" ? 0 : 1;
}
