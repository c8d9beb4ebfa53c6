/**
 * Who is there and who is at the door: the list of the panel, and the card which comes forward
 * when somebody waits. The card never takes the focus: one may be speaking or writing.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, button, h, labelled, resign, reword, say, sign } from "./element.js";
import { connectionOf } from "./verdict.js";
import * as words from "./words.js";

/** @import { Actions, AtDoor, Context, Refusal, Room, SeatRow, State } from "../../../types/call.d.ts" */

/** The card above the pictures, for members only: the server sends nobody else a door. */
export class DoorCard {
  /** @type {Set<string>} */
  read = new Set();
  /** @type {State | null} */
  shown = null;

  /** @param {Actions} actions */
  constructor(actions) {
    this.list = h("ul", { class: "door-list", role: "list" });
    this.rows = new Rows(this.list, () => new Knocker(actions));
    this.notices = h("ul", { class: "door-list", role: "list" });
    this.refusals = new Rows(this.notices, () => new Refused((seat) => this.#dismiss(seat)));
    this.root = h("section", { class: "door-card", "aria-label": _("À la porte"), "aria-live": "polite", hidden: true }, this.notices, this.list);
  }

  /** @param {State} state */
  show(state) {
    const door = state.room?.door ?? [];
    const refusals = refusalsToTell(state.room, this.read);
    this.rows.show(door, (one) => one.seat);
    this.refusals.show(refusals, (one) => one.seat);
    attribute(this.root, "hidden", door.length + refusals.length === 0);
    this.shown = state;
  }

  /** @param {string} seat */
  #dismiss(seat) {
    this.read.add(seat);
    if (this.shown) this.show(this.shown);
  }
}

/**
 * Whoever refused and is not at the door, where it is written already. `read`, the seats whose
 * notice was closed, forgets those who refuse no longer: a second refusal is told again.
 * @param {Room | null} room
 * @param {Set<string>} read
 */
export function refusalsToTell(room, read) {
  const all = room?.refusals ?? [];
  for (const seat of read) if (!all.some((one) => one.seat === seat)) read.delete(seat);
  return all.filter(({ seat }) => !read.has(seat) && !room?.door.some((one) => one.seat === seat && one.consent === false));
}

class Refused {
  seat = "";

  /** @param {(seat: string) => void} dismiss */
  constructor(dismiss) {
    this.text = h("span");
    this.close = button("check", _("Compris"), () => dismiss(this.seat), "small");
    this.root = h("li", { class: "knocker" }, h("div", { class: "knocker-text" }, h("p", {}, sign("info"), this.text)), this.close);
  }

  /** @param {Refusal} one */
  show({ seat, name }) {
    this.seat = seat;
    attribute(this.root, "data-refusal", seat);
    say(this.text, _("{name} a refusé la téléconsultation ou l’enregistrement des données.", { name }));
  }
}

class Knocker {
  seat = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.who = h("strong");
    this.what = h("span");
    this.warning = h("p", { class: "door-warning" });
    this.admit = button("check", _("Faire entrer"), () => actions.admit(this.seat), "primary small");
    this.refuse = button("cross", _("Refuser"), () => actions.refuse(this.seat), "small");
    this.root = h("li", { class: "knocker" }, h("div", { class: "knocker-text" }, h("p", {}, sign("door"), this.who, " ", this.what), this.warning), h("div", { class: "row" }, this.admit, this.refuse));
  }

  /** @param {AtDoor} one */
  show(one) {
    this.seat = one.seat;
    attribute(this.root, "data-seat", one.seat);
    const at = words.hour(one.waiting_since);
    say(this.who, one.name);
    say(this.what, _("({kind}) attend à la porte depuis {at}.", { kind: words.kind(one.kind), at }));
    attribute(this.admit, "aria-label", _("Faire entrer {name}", { name: one.name }));
    attribute(this.refuse, "aria-label", _("Refuser {name}", { name: one.name }));
    const warnings = [
      one.again && _("Ce lien a déjà servi sur un autre appareil : vérifiez qui c’est avant d’ouvrir."),
      one.consent === false && _("Cette personne a refusé la téléconsultation ou l’enregistrement des données."),
    ].filter(Boolean);
    say(this.warning, warnings.join(" "));
    attribute(this.warning, "hidden", warnings.length === 0);
  }
}

export class People {
  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.list = h("ul", { class: "people", role: "list" });
    this.rows = new Rows(this.list, () => new Person(context, actions));
    this.root = h("div", { class: "panel-body", role: "tabpanel", id: "panel-people" }, this.list);
  }

  /** @param {State} state */
  show(state) {
    const seats = state.room?.seats ?? [];
    this.rows.show(seats.map((seat) => ({ ...seat, connection: connectionOf(state, seat) })), (seat) => seat.seat);
  }
}

class Person {
  seat = "";

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.context = context;
    this.name = h("strong");
    this.what = h("span", { class: "soft small" });
    this.link = labelled("link-state", "good");
    this.notes = h("span", { class: "small" });
    this.remove = button("remove", _("Retirer"), () => actions.remove(this.seat), "small danger");
    this.root = h("li", { class: "person" }, h("div", { class: "person-text" }, this.name, this.what, this.notes, this.link), this.remove);
  }

  /** @param {SeatRow} seat */
  show(seat) {
    this.seat = seat.seat;
    const mine = seat.seat === this.context.seat;
    say(this.name, mine ? _("{name} (vous)", { name: seat.name }) : seat.name);
    say(this.what, [words.kind(seat.kind), seat.place].filter(Boolean).join(" · "));
    resign(this.link, seat.connection);
    reword(this.link, words.connection(seat.connection));
    say(this.notes, notesOf(seat));
    attribute(this.notes, "hidden", this.notes.textContent === "");
    attribute(this.remove, "hidden", mine || !this.context.host);
    attribute(this.remove, "aria-label", _("Retirer {name}", { name: seat.name }));
  }
}

/** @param {SeatRow} seat */
function notesOf(seat) {
  // The site answers for the patient who is beside it.
  const ofPatient = seat.kind === "site";
  return [
    seat.hand && _("Main levée"),
    seat.consent === true && (ofPatient ? _("Consentement du patient accordé") : _("Consentement accordé")),
    seat.consent === false && (ofPatient ? _("Consentement du patient refusé") : _("Consentement refusé")),
  ]
    .filter(Boolean)
    .join(" · ");
}
