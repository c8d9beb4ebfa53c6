/**
 * The line to the server: `signaling/PROTOCOL.md` over Socket.IO, and nothing else.
 *
 * Knows no DOM and no media. Comes back by itself for ever, with jitter, until it is told
 * `superseded`, `revoked` or that it may not be. What must hold after a cut (devices, hand,
 * consent, knock) is *kept* and said again; a plain command is said once.
 */

/** @import { Ack } from "../../../types/call.d.ts" */
/** @typedef {import("socket.io-client").Socket} Socket */

const ACK_SECONDS = 12;
const KICKED_SECONDS = 2;
/** What the server tells: each becomes an event of the line, for whichever part hears it. */
const EVENTS = [
  "room",
  "message",
  "offer",
  "slots",
  "speaker",
  "encode",
  "quality",
  "stills",
  "still",
  "still_part",
  "still_gone",
  "still_wanted",
  "pointer",
];

/**
 * Listens to what a part tells.
 * @param {EventTarget} part
 * @param {string} type
 * @param {(detail: any) => void} heard
 */
export function hear(part, type, heard) {
  part.addEventListener(type, (event) => heard(/** @type {CustomEvent} */ (event).detail));
}

export class Line extends EventTarget {
  /** @type {Socket} */
  #socket;
  /** @type {Map<string, object>} */
  #kept = new Map();
  /** @type {Set<string>} */
  #unsaid = new Set();
  #closed = false;

  /**
   * @param {typeof import("socket.io-client").io} io
   * @param {string} consultation
   * @param {() => {last_message: number, session: string | undefined}} known what this page already has
   */
  constructor(io, consultation, known) {
    super();
    const tab = crypto.randomUUID();
    this.#socket = io("/call", {
      transports: ["websocket", "polling"],
      reconnectionDelay: 500,
      reconnectionDelayMax: 3000,
      randomizationFactor: 0.5,
      timeout: 15000,
      autoConnect: false,
      auth: (/** @type {(auth: object) => void} */ give) => give({ consultation, tab, ...known() }),
    });
    this.#listen();
  }

  open() {
    this.#socket.connect();
  }

  close() {
    this.#closed = true;
    this.#socket.disconnect();
  }

  get up() {
    return this.#socket.connected;
  }

  /**
   * Says it once. Resolves to the acknowledgement; `away` when there was none.
   * @param {string} event
   * @param {object} [payload]
   * @returns {Promise<Ack>}
   */
  async say(event, payload = {}) {
    if (!this.#socket.connected) return { ok: false, code: "away" };
    try {
      return await this.#socket.timeout(ACK_SECONDS * 1000).emitWithAck(event, payload);
    } catch {
      return { ok: false, code: "away" };
    }
  }

  /**
   * Says it if the way is free now, and never again: what is stale a moment later.
   * @param {string} event
   * @param {object} payload
   */
  hint(event, payload) {
    if (this.#socket.connected) this.#socket.volatile.emit(event, payload);
  }

  /**
   * Says it now and after each cut, always with the latest payload.
   * @param {string} event
   * @param {object} payload
   */
  keep(event, payload) {
    this.#kept.set(event, payload);
    this.#utter(event);
  }

  /** @param {string} event */
  keeps(event) {
    return this.#kept.has(event);
  }

  /** @param {string} event */
  forget(event) {
    this.#kept.delete(event);
    this.#unsaid.delete(event);
  }

  /** @param {string} event */
  async #utter(event) {
    const payload = this.#kept.get(event) ?? {};
    this.#unsaid.add(event);
    const answer = await this.say(event, payload);
    if (this.#kept.get(event) !== payload) return;
    if (answer.code === "away") return;
    if (answer.code === "slow_down" || answer.code === "unavailable") return this.#later(event);
    this.#unsaid.delete(event);
    this.#tell("kept", { event, payload, answer });
  }

  /** @param {string} event */
  #later(event) {
    setTimeout(() => this.#unsaid.has(event) && this.up && this.#utter(event), 2000 + Math.random() * 2000);
  }

  #listen() {
    for (const name of EVENTS)
      this.#socket.on(name, (payload, answer) => this.#tell(name, answer ? { ...payload, answer } : payload));
    for (const name of ["superseded", "revoked"])
      this.#socket.on(name, () => {
        this.close();
        this.#tell(name);
      });
    this.#socket.on("connect", () => {
      this.#tell("up");
      for (const event of this.#kept.keys()) this.#utter(event);
    });
    this.#socket.on("disconnect", (reason) => this.#onDisconnect(reason));
    this.#socket.on("connect_error", (error) => this.#onRefusal(error));
    globalThis.addEventListener?.("online", () => this.#hurry());
  }

  /** The network is back: do not sit out the rest of the pause. */
  #hurry() {
    if (this.#closed || this.up) return;
    this.#socket.disconnect().connect();
  }

  /** @param {string} reason */
  #onDisconnect(reason) {
    this.#tell("down", { reason });
    if (!this.#closed && reason === "io server disconnect") this.#comeBack();
  }

  /** @param {Error & {data?: {code?: string}}} error */
  #onRefusal(error) {
    if (this.#socket.active || this.#closed) return this.#tell("down", { reason: "unreachable" });
    const code = error.data?.code ?? error.message;
    if (code === "unavailable" || code === "slow_down") return this.#comeBack();
    this.close();
    this.#tell("refused", { code });
  }

  #comeBack() {
    setTimeout(() => this.#closed || this.#socket.connect(), KICKED_SECONDS * 1000 * (0.5 + Math.random()));
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   */
  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
