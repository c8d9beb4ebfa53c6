/**
 * The link in numbers and reasons, for whoever asks: each direction of each person, this person's
 * own link, its last two minutes, and what the call has used.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, h, say } from "./element.js";
import { Plot, nameOf } from "./plot.js";
import { passage } from "./quality.js";
import { carried, decimal, rate, reason, reasonShort, volume, where } from "./quality_words.js";
import { others } from "./state.js";
import * as words from "./words.js";

/** @import { Context, LinkSample, RungMark, SeatRow, State } from "../../../types/call.d.ts" */

const AGAIN_MS = 1000;
/** How many of the latest changes are listed. */
const CHANGES = 6;

export class Details {
  /** @type {State | null} */
  #state = null;

  /**
   * @param {Context} context
   * @param {() => LinkSample[]} samples
   */
  constructor(context, samples) {
    this.mine = context.seat;
    this.context = context;
    this.samples = samples;
    this.people = h("div", { class: "stack" });
    this.rows = new Rows(this.people, () => new Pair(context.seat));
    this.plot = new Plot();
    this.own = new Table();
    this.changes = h("ol", { class: "changes small", role: "list" });
    this.changed = new Rows(this.changes, () => new Change());
    this.used = h("p");
    this.limit = h("p", { class: "hint" });
    this.root = h(
      "div",
      { class: "stack" },
      h("section", { class: "stack-tight" }, h("h2", {}, _("Qui voit quoi")), this.people),
      h("section", { class: "stack-tight" }, h("h2", {}, _("Votre liaison")), this.plot.root, this.own.root, h("h3", {}, _("Derniers changements")), this.changes),
      h("section", { class: "stack-tight" }, h("h2", {}, _("Données")), this.used, this.limit),
    );
    setInterval(() => this.#state && this.root.checkVisibility() && this.show(this.#state), AGAIN_MS);
  }

  /** @param {State} state */
  show(state) {
    this.#state = state;
    const samples = this.samples();
    const { sent, received } = samples.at(-1) ?? { sent: 0, received: 0 };
    this.rows.show(others(state).map((seat) => ({ seat, state })), ({ seat }) => seat.seat);
    this.plot.show(samples, state.rungs, Date.now());
    this.own.show(ownFigures(state, this.mine, samples));
    this.changed.show(state.rungs.slice(-CHANGES).reverse(), ({ way, at }) => `${way}${at}`);
    say(this.used, _("Cet appel a utilisé {volume} sur cet appareil.", { volume: volume(sent + received) }));
    say(this.limit, [_("{sent} envoyés, {received} reçus.", { sent: volume(sent), received: volume(received) }), ...ceilings(this.context, sent + received)].join(" "));
  }
}

/**
 * What this person's site allows, where it says so.
 * @param {Context} context
 * @param {number} used bytes
 */
function ceilings({ link_ceiling, link_bytes }, used) {
  return [
    link_ceiling ? _("Votre site limite un appel à {rate} dans chaque sens.", { rate: rate(link_ceiling / 1000) }) : "",
    link_bytes ? _("Votre site prévoit {volume} par appel : il en reste {rest}.", { volume: volume(link_bytes), rest: volume(Math.max(0, link_bytes - used)) }) : "",
  ].filter(Boolean);
}

/** What passes between this seat and one other, each way, and why. */
class Pair {
  /** @param {string} mine */
  constructor(mine) {
    this.mine = mine;
    this.title = h("h3");
    this.inward = new Direction(_("Vous recevez :"));
    this.outward = new Direction(_("On reçoit de vous :"));
    this.root = h("div", { class: "pair" }, this.title, this.inward.root, this.outward.root);
  }

  /** @param {{seat: SeatRow, state: State}} row */
  show({ seat, state }) {
    const { quality, devices } = state;
    say(this.title, seat.place ? `${seat.name} · ${seat.place}` : seat.name);
    this.inward.show(passage(quality, seat.seat, this.mine), seat, "from", seat);
    this.outward.show(passage(quality, this.mine, seat.seat), seat, "to", devices);
  }
}

class Direction {
  /** @param {string} title */
  constructor(title) {
    this.what = h("strong");
    this.why = h("span", { class: "soft small" });
    this.root = h("p", { class: "direction" }, `${title} `, this.what, h("br"), this.why);
  }

  /**
   * @param {ReturnType<typeof passage>} passes
   * @param {SeatRow} seat the other one
   * @param {"from" | "to"} theirs on which side a limit is theirs
   * @param {{mic: string, camera: string, exam: string}} sender
   */
  show(passes, seat, theirs, sender) {
    attribute(this.root, "data-rung", passes?.rung);
    if (!passes) return say(this.what, _("pas encore mesuré"));
    const picture = sender.camera === "on" || sender.exam === "on";
    say(this.what, carried({ rung: passes.rung, voice: sender.mic === "on", picture }));
    say(this.why, picture ? reason(passes, passes.side === theirs ? where(seat) : null) : _("Caméra éteinte."));
  }
}

/** One change of rung of this seat's own link. */
class Change {
  root = h("li");

  /** @param {RungMark} mark */
  show({ way, rung, code, at }) {
    const values = { at: words.second(new Date(at).toISOString()), rung: nameOf(rung), why: reasonShort(code) ?? code };
    say(this.root, way === "up" ? _("{at}, montant : {rung} ({why})", values) : _("{at}, descendant : {rung} ({why})", values));
  }
}

/** Figures with their names; one that is unknown is left out. */
class Table {
  constructor() {
    this.root = h("dl", { class: "figures" });
    this.key = "";
  }

  /** @param {[name: string, value: string | null][]} rows */
  show(rows) {
    const known = rows.filter(([, value]) => value !== null);
    const key = known.join();
    if (key === this.key) return;
    this.key = key;
    this.root.replaceChildren(...known.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }
}

/**
 * @param {State} state
 * @param {string} mine
 * @param {LinkSample[]} samples
 * @returns {[string, string | null][]}
 */
function ownFigures({ quality }, mine, samples) {
  const { up, down } = quality[mine] ?? {};
  const last = samples.at(-1);
  return [
    [_("Montant possible"), bits(up?.rate)],
    [_("Descendant possible"), bits(down?.rate)],
    [_("Envoyé maintenant"), bits(last?.up)],
    [_("Reçu maintenant"), bits(last?.down)],
    [_("Perdu en montant"), percent(up?.loss)],
    [_("Perdu en descendant"), percent(down?.loss)],
    [_("Aller-retour"), milliseconds(last?.rtt)],
  ];
}

/** @param {number | null | undefined} value bit/s */
function bits(value) {
  return value === null || value === undefined ? null : rate(value / 1000);
}

/** @param {number | null | undefined} value a fraction */
function percent(value) {
  return value === null || value === undefined ? null : _("{value} %", { value: decimal(value * 100) });
}

/** @param {number | null | undefined} value s */
function milliseconds(value) {
  return value === null || value === undefined ? null : _("{value} ms", { value: Math.round(value * 1000) });
}
