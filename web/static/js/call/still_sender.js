/**
 * Stills on their way to the server: in parts, behind the voice, each byte once.
 *
 * Several parts are under way, as many as the link holds. The smallest waiting stage goes first,
 * whatever still it belongs to; an asked one before an automatic one, and no slower than the link
 * bears until its first stage is there. A cut is waited out and the server asked where to go on. An
 * asked still is never given up in silence: it is delivered, dropped by the person, or shown as
 * refused with its reason.
 */

import { Pace } from "./still_pace.js";
import { Passage } from "./still_passage.js";

/** @import { Clock } from "./still_pace.js" */
/** @import { MadeStill, Sending, StillAck } from "../../../types/stills.d.ts" */
/**
 * @typedef {object} Wire
 * @property {(event: string, payload: object) => Promise<StillAck>} say
 * @property {() => boolean} up
 */

const AGAIN_SECONDS = 2;
const STRIKES = 3;
/** Bytes of a command, deflated. */
const COMMAND = 100;
/** Refusals that pass with time. */
const PASSING = ["slow_down", "unavailable", "away"];
/** Refusals no other attempt will change. */
const FINAL = ["full", "ended", "not_allowed", "locked"];

export class StillSender {
  /** @type {Passage[]} */
  #entries = [];
  #running = false;
  /** Nothing is said before. */
  #rested = -Infinity;
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
    return this.#entries.map((entry) => entry.told(this.wire.up(), this.pace.spare === 0));
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
    if (this.#find(still.id)) return;
    if (still.why === "rung") this.dropWaiting(still.source);
    this.#entries.push(new Passage(still));
    this.#tell();
    this.go();
  }

  /**
   * Automatic stills of which nothing has left yet are outdated.
   * @param {string} [source] of one camera only
   */
  dropWaiting(source) {
    const old = this.#entries.filter((entry) => !entry.asked && entry.fresh && (!source || entry.still.source === source));
    for (const entry of old) this.drop(entry.id);
  }

  /** @param {string} id */
  drop(id) {
    const entry = this.#find(id);
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
    const entry = this.#find(id);
    if (!entry) return;
    entry.anew();
    Object.assign(entry, { failed: null, strikes: 0 });
    this.#tell();
    this.go();
  }

  /** The line fell: what was in flight may or may not have arrived. */
  cut() {
    for (const entry of this.#entries) entry.lose();
    this.#tell();
  }

  /** Something changed for the better: looks at once whether a part may leave. */
  go() {
    this.#wake?.();
    this.#run();
  }

  /** @param {string} id */
  #find(id) {
    return this.#entries.find((one) => one.id === id);
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
    const open = this.#entries.filter((entry) => !entry.failed && !entry.waiting);
    return open.sort((one, other) => one.stage - other.stage || Number(other.asked) - Number(one.asked))[0];
  }

  /** @param {Passage} entry */
  async #advance(entry) {
    if (!this.wire.up()) return this.#pause(Infinity);
    const rest = this.#rested - this.clock.now();
    if (rest > 0) return this.#pause(rest);
    if (entry.lost) return this.#resume(entry);
    // Who asked shall know at once that it comes; an automatic still may yet be replaced.
    if (!entry.begun && entry.asked) return this.#begin(entry);
    if (entry.begun && !entry.ready) return entry.load();
    this.pace.press(entry.pressing);
    const wait = this.pace.waiting;
    if (wait > 0) return this.#pause(wait);
    if (!entry.begun) return this.#begin(entry);
    this.#part(entry);
  }

  /** @param {Passage} entry */
  async #begin(entry) {
    const { id, source, why, stages } = entry.still;
    const told = stages.map(({ bytes, type, width, height }) => ({ bytes, type, width, height }));
    this.pace.charge(COMMAND);
    const answer = await this.wire.say("still_begin", { id, source, why, stages: told });
    if (!answer.ok) return this.#refused(entry, answer);
    entry.begun = true;
    if (this.#entries.includes(entry)) return this.#settle(entry, entry.move(answer));
    // Dropped while the server was still answering.
    await this.wire.say("still_drop", { id });
  }

  /** @param {Passage} entry */
  async #resume(entry) {
    this.pace.charge(0);
    const answer = await this.wire.say("still_resume", { id: entry.id });
    if (answer.ok) {
      entry.lost = false;
      return this.#settle(entry, entry.move(answer));
    }
    // A server that does not know it any more is told of it anew.
    if (!PASSING.includes(answer.code ?? "")) entry.anew();
    this.#refused(entry, answer);
  }

  /** @param {Passage} entry */
  async #part(entry) {
    const part = entry.next(this.pace.portion);
    const { stage, offset, data } = part;
    const ticket = this.pace.leave(data.length);
    const answer = await this.wire.say("still_part", { id: entry.id, stage, offset, data });
    if (answer.ok) this.pace.came(ticket);
    else this.pace.lost(ticket);
    if (!entry.outdated(part) && this.#entries.includes(entry)) this.#answered(entry, part, answer);
    this.go();
  }

  /**
   * A server that takes parts and never gets further is not fed for ever.
   * @param {Passage} entry
   * @param {import("./still_passage.js").Part} part
   * @param {StillAck} answer
   */
  #answered(entry, part, answer) {
    const on = answer.ok && entry.took(part, answer);
    if (on) entry.strikes = 0;
    else entry.lose();
    if (answer.ok) this.#settle(entry, on);
    else this.#refused(entry, answer);
  }

  /**
   * @param {Passage} entry
   * @param {boolean} sane what the server answered
   */
  #settle(entry, sane) {
    if (!sane) return this.#strike(entry, "invalid");
    if (entry.complete) this.#remove(entry);
    else this.#tell();
  }

  /**
   * @param {Passage} entry
   * @param {StillAck} answer
   */
  #refused(entry, { code = "invalid" }) {
    if (code === "away" && !this.wire.up()) return;
    if (PASSING.includes(code)) this.#rested = this.clock.now() + AGAIN_SECONDS;
    else this.#strike(entry, code);
  }

  /**
   * @param {Passage} entry
   * @param {string} code
   */
  #strike(entry, code) {
    entry.strikes += 1;
    if (FINAL.includes(code) || entry.strikes >= STRIKES) entry.failed = code;
    if (entry.failed && !entry.asked) return this.#remove(entry);
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

  /** @param {Passage} entry */
  #remove(entry) {
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#tell();
  }

  #tell() {
    this.changed(this.sending);
  }
}
