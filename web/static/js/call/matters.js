/**
 * What matters in one picture: the clinician chooses, everybody sees the choice.
 */

import { _ } from "../lib/i18n.js";
import { attribute, h, say, sign } from "./element.js";
import { matter } from "./quality_words.js";

/** @import { Actions, Matter, TileRow } from "../../../types/call.d.ts" */

/** @type {Matter[]} */
const CHOICES = ["speech", "motion", "detail"];
let made = 0;

export class Matters {
  seat = "";
  /** @type {"camera" | "exam"} */
  source = "camera";
  /** Chosen here and not yet told by the server, with what it told before. @type {{what: Matter, before: Matter} | null} */
  #asked = null;
  /** @type {Matter} */
  #told = "speech";

  /** @param {Actions} actions */
  constructor(actions) {
    this.whole = h("span", { class: "whole" });
    this.brief = h("span", { class: "brief" });
    const name = `matter-${(made += 1)}`;
    this.radios = CHOICES.map((what) => h("input", { type: "radio", name, value: what, onchange: () => this.#choose(actions, what) }));
    const texts = { speech: _("La parole : l’image cède la première"), motion: _("Le mouvement : marche, geste, examen neurologique"), detail: _("Le détail : peau, plaie, document") };
    const choices = CHOICES.map((what, index) => h("label", { class: "choice" }, this.radios[index], h("span", {}, texts[what])));
    this.summary = h("summary", {}, sign("settings"), this.whole, this.brief);
    this.menu = h("details", { class: "tile-menu", onkeydown: (event) => this.#onKey(event) }, this.summary, h("fieldset", { class: "stack-tight" }, h("legend", {}, _("Ce qui compte dans cette image")), ...choices));
    this.told = h("p", { class: "tile-menu told" });
    this.root = h("div", { class: "tile-matters" }, this.menu, this.told);
  }

  /**
   * @param {TileRow} tile
   * @param {boolean} on whether there is a picture at all
   */
  show(tile, on) {
    this.seat = tile.seat;
    this.source = tile.sort === "exam" ? "exam" : "camera";
    this.#told = tile.matter;
    if (this.#asked && tile.matter !== this.#asked.before) this.#asked = null;
    const what = this.#asked?.what ?? tile.matter;
    attribute(this.root, "hidden", !on);
    attribute(this.menu, "hidden", !tile.choosing);
    const telling = !tile.choosing && what !== "speech";
    attribute(this.told, "hidden", !telling);
    const text = _("Ce qui compte : {what}", { what: matter(what) });
    say(this.whole, tile.choosing ? text : "");
    say(this.brief, tile.choosing ? matter(what) : "");
    attribute(this.summary, "aria-label", _("Ce qui compte : {what}, dans l’image de {name}", { name: tile.name, what: matter(what) }));
    say(this.told, telling ? text : "");
    for (const radio of this.radios) radio.checked = radio.value === what;
  }

  /**
   * @param {Actions} actions
   * @param {Matter} what
   */
  async #choose(actions, what) {
    const asked = { what, before: this.#told };
    this.#asked = asked;
    const done = await actions.matters(this.seat, this.source, what);
    if (!done && this.#asked === asked) this.#asked = null;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Escape" || !this.menu.open) return;
    event.stopPropagation();
    this.menu.open = false;
    this.summary.focus();
  }
}
