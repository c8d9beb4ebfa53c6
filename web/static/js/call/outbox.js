/**
 * Text messages on their way out: in order, one at a time, exactly once.
 *
 * Each has an id of its own, so that sending again after a cut cannot double it. What waits is
 * kept in memory only: a message may name a patient, and this device may be anybody's.
 */

/** Refusals after which sending the same text again is worth it. */
const PASSING = ["slow_down", "unavailable", "away"];

export class Outbox {
  #send;
  #newId;
  #changed;
  #entries = [];
  #busy = false;

  /**
   * @param {(entry) => Promise<{ok: boolean, code?: string}>} send one message and its acknowledgement
   * @param {() => string} newId a fresh UUID
   * @param {(pending: object[]) => void} changed told of every change
   */
  constructor(send, newId, changed) {
    this.#send = send;
    this.#newId = newId;
    this.#changed = changed;
  }

  get pending() {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  add(text) {
    this.#entries.push({ client_id: this.#newId(), text, failed: null, tried: false });
    this.#tell();
    return this.flush();
  }

  /** Sends what waits; stops at the first that must wait longer. Resolves to what to do next. */
  async flush() {
    if (this.#busy) return "busy";
    this.#busy = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        next.tried = true;
        const answer = await this.#send({ client_id: next.client_id, text: next.text });
        if (answer.ok) this.#delivered(next.client_id);
        else if (PASSING.includes(answer.code)) return answer.code;
        else this.#fail(next, answer.code);
      }
      return "empty";
    } finally {
      this.#busy = false;
    }
  }

  /** A message of ours came back from the server: it is delivered, whether or not we were told. */
  seen(text) {
    const entry = this.#next();
    if (entry?.tried && entry.text === text) this.#delivered(entry.client_id);
  }

  retry(clientId) {
    const entry = this.#entries.find((one) => one.client_id === clientId);
    if (!entry) return Promise.resolve("empty");
    entry.failed = null;
    this.#tell();
    return this.flush();
  }

  drop(clientId) {
    this.#delivered(clientId);
  }

  #next() {
    return this.#entries.find((entry) => !entry.failed);
  }

  #delivered(clientId) {
    this.#entries = this.#entries.filter((entry) => entry.client_id !== clientId);
    this.#tell();
  }

  #fail(entry, code) {
    entry.failed = code;
    this.#tell();
  }

  #tell() {
    this.#changed(this.pending);
  }
}
