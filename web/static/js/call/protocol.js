/**
 * The line to the server: `signaling/PROTOCOL.md` over Socket.IO, and nothing else.
 *
 * Knows no DOM and no media. Comes back by itself for ever (`comeback.js`), until it is told
 * `superseded`, `revoked` or that it may not be. What must hold after a cut (devices, hand,
 * consent, knock) is *kept* and said again; a plain command is said once.
 */

import { Comeback } from "./comeback.js";

/** @import { Ack } from "../../../types/call.d.ts" */
/** @typedef {import("socket.io-client").Socket} Socket */

const ACK_SECONDS = 12;
/** A dialling may take at least so many round trips, or times what the last one took; the first, s. */
const ROUND_TRIPS = 8;
const TIMES = 4;
const FIRST_SECONDS = 15;
/** Within this a living line answers, or within what its dialling took. */
const ANSWERS_SECONDS = 0.7;
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
  #comeback = new Comeback(() => this.#dial());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;
  #dialled = 0;
  /** What the last dialling that led somewhere took, s. @type {number | null} */
  #took = null;
  /** @type {Promise<boolean> | null} */
  #poking = null;

  /**
   * @param {typeof import("socket.io-client").io} io
   * @param {string} consultation
   * @param {() => {last_message: number, session: string | undefined, rtt?: number, saver?: boolean}} known what this page already has, and knows of its way
   */
  constructor(io, consultation, known) {
    super();
    this.known = known;
    const tab = crypto.randomUUID();
    this.#socket = io("/call", {
      transports: ["websocket", "polling"],
      reconnection: false,
      timeout: 60000,
      autoConnect: false,
      auth: (/** @type {(auth: object) => void} */ give) => give({ consultation, tab, ...known() }),
    });
    this.#listen();
  }

  open() {
    this.#dial();
  }

  close() {
    this.#closed = true;
    this.#comeback.rest();
    clearTimeout(this.#waiting);
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

  /** Whether the line still answers. One which does not is dead, and dialled anew. */
  poke() {
    this.#poking ??= this.#answers().finally(() => {
      this.#poking = null;
    });
    return this.#poking;
  }

  /** What is kept may be said at any time: its answer tells that somebody is there. */
  async #answers() {
    const [said] = this.#kept;
    const { id } = this.#socket;
    if (!this.up || !said) return this.up;
    try {
      await this.#socket.timeout(Math.max(ANSWERS_SECONDS, this.#took ?? 0) * 1000).emitWithAck(...said);
      return true;
    } catch {
      if (this.up && this.#socket.id === id) this.#dial();
      return false;
    }
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
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("disconnect", (reason) => this.#onDisconnect(reason));
    this.#socket.on("connect_error", (error) => this.#onRefusal(error));
    for (const name of ["online", "offline"]) globalThis.addEventListener?.(name, () => this.#onNetwork());
    /** @type {any} */ (globalThis.navigator)?.connection?.addEventListener?.("change", () => this.#onNetwork());
  }

  /** Another network, or none: the line may be dead, or the way back open. */
  #onNetwork() {
    if (this.#closed) return;
    if (this.up) this.poke();
    else this.#comeback.now();
  }

  /** Drops whatever there is of a connection, and makes one. */
  #dial() {
    if (this.#closed) return;
    this.#comeback.rest();
    clearTimeout(this.#waiting);
    this.#dialled = performance.now();
    const least = this.#took === null ? FIRST_SECONDS : TIMES * this.#took;
    const seconds = Math.max(this.#comeback.patience, least, ROUND_TRIPS * (this.known().rtt ?? 0));
    this.#waiting = setTimeout(() => this.#onSwallowed(), seconds * 1000);
    this.#socket.disconnect().connect();
  }

  #onConnect() {
    clearTimeout(this.#waiting);
    this.#comeback.found();
    this.#took = (performance.now() - this.#dialled) / 1000;
    this.#tell("up");
    for (const event of this.#kept.keys()) this.#utter(event);
  }

  #onSwallowed() {
    this.#socket.disconnect();
    this.#tell("down", { reason: "swallowed" });
    this.#comeback.swallowed();
  }

  /** @param {string} reason */
  #onDisconnect(reason) {
    this.#tell("down", { reason });
    if (this.#closed || reason === "io client disconnect") return;
    if (reason === "io server disconnect") this.#comeBack();
    else this.#comeback.lost();
  }

  /** @param {Error & {data?: {code?: string, after?: number}}} error */
  #onRefusal(error) {
    clearTimeout(this.#waiting);
    if (this.#closed) return;
    if (this.#socket.active) {
      this.#tell("down", { reason: "unreachable" });
      return this.#comeback.refused();
    }
    const code = error.data?.code ?? error.message;
    if (code === "unavailable" || code === "slow_down") return this.#comeBack(error.data?.after);
    this.close();
    this.#tell("refused", { code });
  }

  /** @param {number} [after] the moment a crowded server gave to this page, in seconds */
  #comeBack(after) {
    this.#comeback.rest();
    const seconds = after ?? KICKED_SECONDS * (0.5 + Math.random());
    setTimeout(() => this.#closed || this.up || this.#dial(), seconds * 1000);
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   */
  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
