/**
 * The written messages: those the server numbered, then those still on their way.
 * Keeps nothing on the device: a message may name a patient.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, button, h, say, sign } from "./element.js";
import * as words from "./words.js";

/** @import { Actions, Context, Message, Pending, State } from "../../../types/call.d.ts" */
/** @typedef {{key: string, mine: boolean, name: string, text: string, at?: string, pending?: boolean, failed?: string | null}} Row */

const LONGEST = 2000;

export class Chat {
  count = 0;

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.actions = actions;
    this.seat = context.seat;
    this.list = h("ol", { class: "messages" });
    this.log = h("div", { class: "log", role: "log", "aria-label": _("Messages écrits"), tabindex: "0" }, this.list);
    this.empty = h("p", { class: "hint" }, _("Aucun message. Ce qui est écrit ici est gardé au dossier de la consultation."));
    this.rows = new Rows(this.list, () => new Line(actions));
    this.input = h("textarea", { id: "chat-text", rows: "2", maxlength: LONGEST, placeholder: _("Votre message"), onkeydown: (event) => this.#onKey(event) });
    this.root = h("div", { class: "panel-body chat", role: "tabpanel", id: "panel-chat" }, this.empty, this.log, this.#form());
  }

  /** @param {State} state */
  show(state) {
    const rows = [...state.messages.map((one) => this.#numbered(one)), ...state.pending.map(onItsWay)];
    attribute(this.empty, "hidden", rows.length > 0);
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    this.rows.show(rows, (row) => row.key);
    if (atEnd && this.count !== rows.length) this.log.scrollTop = this.log.scrollHeight;
    this.count = rows.length;
  }

  focus() {
    this.log.scrollTop = this.log.scrollHeight;
    this.input.focus();
  }

  #form() {
    const send = button("send", _("Envoyer"), () => {}, "primary small");
    send.type = "submit";
    attribute(send, "aria-label", _("Envoyer"));
    const form = h("form", { class: "chat-form", onsubmit: (event) => this.#send(event) }, h("label", { for: "chat-text", class: "visually-hidden" }, _("Votre message")), this.input, send);
    return form;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    this.#send(event);
  }

  /** @param {Event} event */
  #send(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.actions.write(text.replaceAll("\0", ""));
    this.log.scrollTop = this.log.scrollHeight;
  }

  /**
   * @param {Message} message
   * @returns {Row}
   */
  #numbered(message) {
    const mine = message.seat === this.seat;
    return { key: `n${message.number}`, mine, name: mine ? _("Vous") : message.name, text: message.text, at: message.at };
  }
}

/**
 * @param {Pending} entry
 * @returns {Row}
 */
function onItsWay(entry) {
  return { key: entry.client_id, mine: true, name: _("Vous"), text: entry.text, pending: true, failed: entry.failed };
}

class Line {
  fated = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.name = h("strong");
    this.time = h("time", { class: "soft small" });
    this.text = h("p", { class: "message-text" });
    this.fate = h("p", { class: "fate small", hidden: true });
    this.root = h("li", { class: "message" }, h("div", { class: "message-head" }, this.name, this.time), this.text, this.fate);
  }

  /** @param {Row} row */
  show(row) {
    this.root.classList.toggle("mine", row.mine);
    this.root.classList.toggle("pending", Boolean(row.pending));
    say(this.name, row.name);
    say(this.text, row.text);
    if (row.at) {
      attribute(this.time, "datetime", row.at);
      attribute(this.time, "title", words.hourThere(row.at) || null);
      say(this.time, words.hour(row.at));
    }
    attribute(this.fate, "hidden", !row.pending);
    if (row.pending && this.fated !== String(row.failed)) this.#tellFate(row);
  }

  /** @param {Row} row */
  #tellFate(row) {
    this.fated = String(row.failed);
    if (!row.failed) return this.fate.replaceChildren(sign("clock"), _("En attente d’envoi"));
    this.fate.replaceChildren(
      sign("alert"),
      _("Pas envoyé. {why}", { why: words.refusal(row.failed) }),
      button(null, _("Renvoyer"), () => this.actions.rewrite(row.key), "small link"),
      button(null, _("Retirer"), () => this.actions.unwrite(row.key), "small link"),
    );
  }
}
