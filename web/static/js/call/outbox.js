/**
 * Text messages on their way out: in order, one at a time, exactly once.
 *
 * Each has an id of its own, so that sending again after a cut cannot double it. What waits is
 * kept in memory only: a message may name a patient, and this device may be anybody's.
 */

/** @import { Ack, Pending } from "../../../types/call.d.ts" */

/** Refusals after which sending the same text again is worth it. */
const PASSING = ["slow_down", "unavailable", "away"];

export class Outbox {
  #send;
  #newId;
  #changed;
  /** @type {Pending[]} */
  #entries = [];
  #busy = false;

  /**
   * @param {(entry: {client_id: string, text: string}) => Promise<Ack>} send one message and its acknowledgement
   * @param {() => string} newId a fresh UUID
   * @param {(pending: Pending[]) => void} changed told of every change
   */
  constructor(send, newId, changed) {
    this.#send = send;
    this.#newId = newId;
    this.#changed = changed;
  }

  get pending() {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  /** @param {string} text */
  add(text) {
    this.#entries.push({ client_id: this.#newId(), text, failed: null, tried: false });
    this.#tell();
    return this.flush();
  }

  /**
   * Sends what waits; stops at the first that must wait longer.
   * @returns {Promise<string>} why it stopped: `empty`, `busy`, or the code to come back after
   */
  async flush() {
    if (this.#busy) return "busy";
    this.#busy = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        next.tried = true;
        const answer = await this.#send({ client_id: next.client_id, text: next.text });
        if (answer.ok) this.#delivered(next.client_id);
        else if (answer.code && PASSING.includes(answer.code)) return answer.code;
        else this.#fail(next, answer.code ?? "invalid");
      }
      return "empty";
    } finally {
      this.#busy = false;
    }
  }

  /**
   * A message of ours came back from the server: it is delivered, whether or not we were told.
   * @param {string} text
   */
  seen(text) {
    const entry = this.#next();
    if (entry?.tried && entry.text === text) this.#delivered(entry.client_id);
  }

  /** @param {string} clientId */
  retry(clientId) {
    const entry = this.#entries.find((one) => one.client_id === clientId);
    if (!entry) return Promise.resolve("empty");
    entry.failed = null;
    this.#tell();
    return this.flush();
  }

  /** @param {string} clientId */
  drop(clientId) {
    this.#delivered(clientId);
  }

  #next() {
    return this.#entries.find((entry) => !entry.failed);
  }

  /** @param {string} clientId */
  #delivered(clientId) {
    this.#entries = this.#entries.filter((entry) => entry.client_id !== clientId);
    this.#tell();
  }

  /**
   * @param {Pending} entry
   * @param {string} code
   */
  #fail(entry, code) {
    entry.failed = code;
    this.#tell();
  }

  #tell() {
    this.#changed(this.pending);
  }
}
