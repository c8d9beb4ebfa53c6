/**
 * This seat's dealings with the server: what it hears becomes events of the state, what the person
 * asks becomes commands. Shows nothing; `page` is told (`tell`, `notify`) and holds the state.
 */

import { _ } from "../lib/i18n.js";
import { Outbox } from "./outbox.js";
import { hear } from "./protocol.js";
import { SETTLED_MS } from "./quality.js";
import { mattersNow } from "./quality_words.js";
import { phase } from "./state.js";
import { matterOf } from "./tiles.js";
import * as words from "./words.js";

/** @import { Ack, Message, Page, Pending, Picture, Room, SeatQuality, State } from "../../../types/call.d.ts" */
/** @import { Line } from "./protocol.js" */

const FLUSH_AGAIN_SECONDS = 1;
/** What is true until it changes is said again after each cut; the rest is said once. */
const LASTING = ["media"];

export class Seat {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;

  /**
   * @param {Page} page
   * @param {Line} line
   */
  constructor(page, line) {
    this.page = page;
    this.line = line;
    this.outbox = new Outbox(
      (entry) => this.#send(entry),
      () => crypto.randomUUID(),
      (pending) => page.tell({ type: "outbox", pending }),
    );
    this.#listen();
  }

  get #state() {
    return this.page.state;
  }

  /** This seat as the others see it, once it is in. */
  get mine() {
    return this.#state.room?.seats.find((seat) => seat.seat === this.#state.context.seat);
  }

  /** @param {string} text */
  write(text) {
    return this.#flushed(this.outbox.add(text));
  }

  /** @param {string} id */
  rewrite(id) {
    return this.#flushed(this.outbox.retry(id));
  }

  /**
   * Resolves to whether it was done; the person is told when it was not.
   * @param {string} event
   * @param {object} [payload]
   */
  async command(event, payload = {}) {
    const answer = await this.line.say(event, payload);
    if (!answer.ok) this.page.notify("warn", words.refusal(answer.code ?? ""));
    return answer.ok;
  }

  /** @param {boolean} given */
  consent(given) {
    this.page.tell({ type: "consent", given });
    this.line.keep("consent", { given });
  }

  knock() {
    this.line.forget("leave");
    this.page.tell({ type: "knock" });
    this.line.keep("knock", {});
  }

  back() {
    for (const event of ["leave", "knock"]) this.line.forget(event);
    this.page.tell({ type: "back" });
  }

  hand() {
    this.line.keep("hand", { up: !this.mine?.hand });
  }

  leave() {
    this.line.keep("leave", {});
    this.page.tell({ type: "leave" });
  }

  /** Nothing more to say of a call which is over. */
  rest() {
    for (const event of ["media", "knock", "hand"]) this.line.forget(event);
  }

  #listen() {
    const { page } = this;
    /** @type {(type: string, heard: (detail: any) => void) => void} */
    const on = (type, heard) => hear(this.line, type, heard);
    on("up", () => this.#onUp());
    on("down", () => page.tell({ type: "line_down", at: Date.now() }));
    on("refused", () => page.tell({ type: "line_refused" }));
    on("room", (room) => this.#onRoom(room));
    on("message", (message) => this.#onMessage(message));
    on("slots", ({ session, slots }) => page.tell({ type: "slots", session, slots }));
    on("quality", ({ seats }) => this.#onQuality(seats));
    on("encode", ({ session, plan }) => page.tell({ type: "plan", session, plan }));
    on("speaker", ({ seat }) => page.tell({ type: "speaker", seat }));
    on("superseded", () => page.tell({ type: "superseded" }));
    on("revoked", () => page.tell({ type: "revoked" }));
    on("kept", (kept) => this.#onKept(kept));
  }

  #onUp() {
    this.page.tell({ type: "line_up", at: Date.now() });
    this.#flushed(this.outbox.flush());
  }

  /** @param {Room} room */
  #onRoom(room) {
    const before = this.#state;
    this.page.tell({ type: "room", room });
    if (phase(before) === "call") this.#tellMatters(before);
    const { wanting, knock } = this.#state;
    // A server which started anew has forgotten who stood at the door.
    if (wanting && knock !== "asking" && ["ready", "away"].includes(room.me.stage)) this.knock();
  }

  /**
   * Somebody chose what matters in a picture of this person, who should know why it changes.
   * @param {State} before
   */
  #tellMatters(before) {
    const { seat } = this.#state.context;
    for (const source of /** @type {Picture[]} */ (["camera", "exam"])) {
      const what = matterOf(this.#state, seat, source);
      if (what !== matterOf(before, seat, source)) this.page.notify("calm", mattersNow(source, what));
    }
  }

  /** @param {Message} message */
  #onMessage(message) {
    const known = this.#state.messages.some((one) => one.number === message.number);
    const mine = message.seat === this.#state.context.seat;
    if (!known && mine) this.outbox.seen(message.text);
    this.page.tell({ type: "message", message });
    if (!known && !mine && phase(this.#state) === "call") this.page.onWritten(message);
  }

  /**
   * Words which wait for others to have stood long enough are looked at once more.
   * @param {SeatQuality[]} seats
   */
  #onQuality(seats) {
    clearTimeout(this.#settling);
    this.page.tell({ type: "quality", seats, at: Date.now() });
    this.#settling = setTimeout(() => this.page.tell({ type: "quality", seats: [], at: Date.now() }), SETTLED_MS);
  }

  /** @param {{event: string, answer: Ack}} kept */
  #onKept({ event, answer }) {
    if (!LASTING.includes(event)) this.line.forget(event);
    if (event === "knock" && !answer.ok) return this.page.tell({ type: "knock_answer", code: answer.code ?? "invalid" });
    if (!answer.ok && event !== "leave") this.page.notify("warn", words.refusal(answer.code ?? ""));
  }

  /**
   * @param {{client_id: string, text: string}} entry
   * @returns {Promise<Ack>}
   */
  async #send(entry) {
    const answer = await this.line.say("say", entry);
    if (answer.ok) {
      const { seat, name } = this.#state.context;
      const { number = 0, at = "" } = answer;
      this.page.tell({ type: "message", message: { number, at, seat, name, text: entry.text } });
    }
    return answer;
  }

  /** @param {Promise<string>} flushing */
  async #flushed(flushing) {
    const why = await flushing;
    if (why === "slow_down" || why === "unavailable")
      setTimeout(() => this.#flushed(this.outbox.flush()), FLUSH_AGAIN_SECONDS * 1000);
  }
}

/**
 * The passing word for a message which came while the panel was closed: who, never what.
 * @param {Message} message
 */
export function writtenBy(message) {
  return _("{name} vous a écrit.", { name: message.name });
}
