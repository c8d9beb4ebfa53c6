/**
 * One still on its way to the server: which bytes left, which were acknowledged, where it goes on.
 *
 * Several parts may be under way. The server's word on where to go on counts; an answer that does
 * not follow from the part it answers makes the rest be asked after. Sends nothing.
 */

/** @import { MadeStill, Sending, StillAck } from "../../../types/stills.d.ts" */
/** @typedef {{stage: number, offset: number, data: Uint8Array<ArrayBuffer>, turn: number}} Part */

export class Passage {
  stage = 0;
  /** Bytes of the stage that left, and those of them that were acknowledged. */
  sent = 0;
  kept = 0;
  begun = false;
  /** Whether the server is to be asked where to go on. */
  lost = false;
  strikes = 0;
  /** @type {string | null} why it is not tried any more */
  failed = null;
  /** Answers to what left before the server was asked again tell nothing. */
  #turn = 0;
  /** @type {{stage: number, bytes: Uint8Array<ArrayBuffer>} | null} */
  #loaded = null;

  /** @param {MadeStill} still */
  constructor(still) {
    this.still = still;
  }

  get id() {
    return this.still.id;
  }

  get asked() {
    return this.still.why === "asked";
  }

  /** Whether somebody waits to see it at all. */
  get pressing() {
    return this.asked && this.stage === 0;
  }

  /** Whether nothing of it left yet. */
  get fresh() {
    return this.stage + this.sent === 0;
  }

  /** Whether all of a stage left, and the server has not said that it has it. */
  get waiting() {
    return this.begun && !this.lost && this.sent >= this.#size;
  }

  get complete() {
    return this.stage >= this.still.stages.length;
  }

  /** Whether the bytes of the stage are at hand. */
  get ready() {
    return this.#loaded?.stage === this.stage;
  }

  get #size() {
    return this.still.stages[this.stage]?.bytes ?? 0;
  }

  async load() {
    const { stage } = this;
    const bytes = new Uint8Array(await this.still.stages[stage].blob.arrayBuffer());
    this.#loaded = { stage, bytes };
  }

  /**
   * The next part, which leaves now.
   * @param {number} size bytes at most
   * @returns {Part}
   */
  next(size) {
    const { stage, sent: offset } = this;
    const data = /** @type {Uint8Array<ArrayBuffer>} */ (this.#loaded?.bytes.slice(offset, offset + size));
    this.sent += data.length;
    return { stage, offset, data, turn: this.#turn };
  }

  /** @param {Part} part */
  outdated({ turn }) {
    return turn !== this.#turn;
  }

  /** What is under way may or may not arrive: the server is asked. */
  lose() {
    this.#turn += 1;
    this.lost = this.begun;
  }

  /** To be told to the server from the start. */
  anew() {
    this.lose();
    Object.assign(this, { begun: false, lost: false });
  }

  /**
   * Goes on where the server says, which knows best what it has.
   * @param {StillAck} answer
   * @returns {boolean} false when it makes no sense
   */
  move({ stage = this.stage, offset = 0 }) {
    if (!this.#possible(stage, offset)) return false;
    const whole = stage < this.still.stages.length && offset === this.still.stages[stage].bytes;
    this.stage = whole ? stage + 1 : stage;
    this.sent = this.kept = whole ? 0 : offset;
    return true;
  }

  /**
   * The server has taken a part.
   * @param {Part} part
   * @param {StillAck} answer
   * @returns {boolean} false when it does not go on from there
   */
  took(part, { stage = part.stage, offset = 0 }) {
    const end = part.offset + part.data.length;
    if (stage !== this.stage || offset === this.#size) return stage >= this.stage && this.move({ ok: true, stage, offset });
    if (offset < end || !this.#possible(stage, offset)) return false;
    this.kept = Math.max(this.kept, offset);
    this.sent = Math.max(this.sent, offset);
    return true;
  }

  /**
   * @param {boolean} up
   * @param {boolean} held
   * @returns {Sending}
   */
  told(up, held) {
    const { id, source, why, stages } = this.still;
    const going = held && !this.pressing ? "held" : "sending";
    const state = this.failed ? "failed" : up ? going : "cut";
    return { id, source, why, stage: this.stage, stages: stages.length, done: this.kept / (this.#size || 1), state, code: this.failed };
  }

  /**
   * @param {number} stage
   * @param {number} offset
   */
  #possible(stage, offset) {
    const { stages } = this.still;
    const whole = Number.isInteger(stage) && Number.isInteger(offset) && stage >= 0 && offset >= 0;
    return whole && stage <= stages.length && (stage === stages.length || offset <= stages[stage].bytes);
  }
}
